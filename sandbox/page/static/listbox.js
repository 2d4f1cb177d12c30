// The list under a combobox: arrows move, Enter and Tab pick, Escape closes.
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

export class Listbox {
  constructor(input, list, { load, pick }) {
    this.input = input;
    this.list = list;
    this.load = load;
    this.pick = pick;
    this.options = [];
    this.active = -1;
    this.asked = 0;
    list.addEventListener('mousedown', (event) => {
      event.preventDefault();
      const row = event.target.closest('[role=option]');
      if (row) this.choose(Number(row.dataset.index));
    });
    input.addEventListener('blur', () => this.close());
  }

  get open() {
    return !this.list.hidden;
  }

  get current() {
    return this.open ? this.options[this.active] : undefined;
  }

  async suggest() {
    const ticket = ++this.asked;
    const options = await this.load();
    if (ticket === this.asked && document.activeElement === this.input) this.show(options);
  }

  show(options) {
    this.options = options.slice(0, 100);
    this.list.replaceChildren(...this.options.map((option, index) => this.row(option, index)));
    this.list.hidden = !this.options.length;
    this.input.setAttribute('aria-expanded', String(this.open));
    if (this.open) this.list.scrollIntoView({ block: 'nearest' });
    this.move(this.options.length ? 0 : -1);
  }

  row(option, index) {
    const row = document.createElement('li');
    row.id = `${this.list.id}-${index}`;
    row.dataset.index = index;
    row.setAttribute('role', 'option');
    row.append(option.label);
    if (option.detail) {
      const detail = document.createElement('span');
      detail.className = 'dim small';
      detail.textContent = option.detail;
      row.append(' ', detail);
    }
    return row;
  }

  move(index) {
    this.list.children[this.active]?.removeAttribute('aria-selected');
    this.active = index;
    const row = this.list.children[index];
    if (row) {
      row.setAttribute('aria-selected', 'true');
      row.scrollIntoView({ block: 'nearest' });
      this.input.setAttribute('aria-activedescendant', row.id);
    } else {
      this.input.removeAttribute('aria-activedescendant');
    }
  }

  choose(index) {
    const option = this.options[index];
    this.close();
    if (option) this.pick(option);
  }

  close() {
    this.asked += 1;
    this.list.hidden = true;
    this.input.setAttribute('aria-expanded', 'false');
    this.move(-1);
  }

  /** Handles a key press; true when the list used it up. */
  key(event) {
    if (!this.open) return false;
    const last = this.options.length - 1;
    const moves = { ArrowDown: this.active === last ? 0 : this.active + 1, ArrowUp: this.active <= 0 ? last : this.active - 1 };
    if (event.key in moves) this.move(moves[event.key]);
    else if (event.key === 'Enter' || event.key === 'Tab') this.choose(this.active);
    else if (event.key === 'Escape') this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
