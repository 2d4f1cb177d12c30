// Selects of every kind: a field with type-ahead over the options that the town names.

import { Listbox } from '/town/static/listbox.js';
import { ask } from '/town/static/net.js';

const boxes = new WeakMap();

const chipsOf = (combo) => [...combo.querySelectorAll('.chip')];
export const valuesOf = (combo) =>
  'many' in combo.dataset ? chipsOf(combo).map((chip) => chip.dataset.value) : combo.querySelector('input').dataset.value;

function changed(combo) {
  combo.dispatchEvent(new CustomEvent('picked', { bubbles: true }));
}

function pick(combo, field, option) {
  if ('many' in combo.dataset) {
    field.value = '';
    if (valuesOf(combo).includes(option.value)) return;
    const chip = document.createElement('span');
    chip.className = 'chip';
    chip.dataset.value = option.value;
    chip.textContent = option.label;
    combo.querySelector('.chips').append(chip);
  } else {
    field.value = option.label;
    field.dataset.value = option.value;
    field.dataset.label = option.label;
  }
  changed(combo);
}

function boxOf(combo, field) {
  if (!boxes.has(combo)) {
    const { source, block, action, shortest } = combo.dataset;
    // Text that names the present choice is no search.
    const typed = () => (field.dataset.value && field.value === field.dataset.label ? '' : field.value.trim());
    const load = () => (typed().length < Number(shortest) ? [] : ask('options', { source, block, action, q: typed() }));
    const list = combo.querySelector('[role=listbox]');
    boxes.set(combo, new Listbox(field, list, { load, pick: (option) => pick(combo, field, option) }));
  }
  return boxes.get(combo);
}

function within(target) {
  const combo = target.closest?.('[data-combo]');
  return combo ? [combo, combo.querySelector('[role=combobox]')] : [];
}

function dropLast(combo) {
  const last = chipsOf(combo).at(-1);
  if (!last) return;
  last.remove();
  changed(combo);
}

function onKey(event) {
  const [combo, field] = within(event.target);
  if (!combo) return;
  const box = boxOf(combo, field);
  if (box.key(event)) return;
  if (event.key === 'ArrowDown') {
    event.preventDefault();
    box.suggest();
  } else if (event.key === 'Enter') event.preventDefault();
  else if (event.key === 'Backspace' && !field.value) dropLast(combo);
}

export function combos() {
  document.addEventListener('keydown', onKey, true);
  document.addEventListener('input', ({ target }) => {
    const [combo, field] = within(target);
    if (!combo) return;
    if (!field.value) field.dataset.value = '';
    boxOf(combo, field).suggest();
  });
  document.addEventListener('click', ({ target }) => {
    const [combo, field] = within(target);
    if (!combo) return;
    if (target.matches('.chip')) {
      target.remove();
      changed(combo);
    } else if (target === field) {
      field.select();
      boxOf(combo, field).suggest();
    }
  });
  // What was typed without being picked is no choice.
  document.addEventListener('focusout', ({ target }) => {
    const [combo, field] = within(target);
    if (!combo) return;
    field.value = field.dataset.value ? field.dataset.label ?? field.value : '';
  });
}
