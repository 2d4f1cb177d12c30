// What a person does to the bot's messages and views: presses, picks, submits, closes.

import { valuesOf } from '/town/static/combo.js';
import { refresh } from '/town/static/live.js';
import { act, toast } from '/town/static/net.js';

const CHAT = ['chat', 'top'];

/** Asks first where the bot wants that; true when it may be sent. */
function confirmed(element) {
  const dialog = document.getElementById(element.dataset.confirm ?? '');
  if (!dialog) return Promise.resolve(true);
  dialog.returnValue = '';
  dialog.showModal();
  dialog.querySelector('[value=yes]').focus();
  return new Promise((done) => {
    dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'), { once: true });
  });
}

export function valueOf(element) {
  if ('combo' in element.dataset) return valuesOf(element);
  if ('choices' in element.dataset) {
    const ticked = [...element.querySelectorAll('input:checked')].map((input) => input.value);
    return element.dataset.type === 'radio_buttons' ? (ticked[0] ?? null) : ticked;
  }
  if ('field' in element.dataset) return element.value;
  return element.dataset.value ?? null;
}

const named = (element) => ({ block: element.dataset.block, action: element.dataset.action, type: element.dataset.type });

const inputsOf = (root) =>
  [...root.querySelectorAll('[data-combo], [data-choices], [data-field]')].map((one) => ({ ...named(one), value: valueOf(one) }));

async function press(element) {
  if (!(await confirmed(element))) return;
  element.setAttribute('aria-busy', 'true');
  const around = element.closest('.message, [data-view], .home');
  await act('press', { source: element.dataset.source, ...named(element), value: valueOf(element), inputs: inputsOf(around) });
  element.removeAttribute('aria-busy');
  await refresh(...CHAT);
}

function showErrors(form, errors) {
  const invalid = [];
  for (const place of form.querySelectorAll('[data-error-for]')) {
    const text = errors[place.dataset.errorFor] ?? '';
    place.textContent = text;
    const field = place.parentElement.querySelector('input, textarea');
    field?.toggleAttribute('aria-invalid', Boolean(text));
    if (text) invalid.push(field);
  }
  invalid[0]?.focus();
}

async function submit(form) {
  const button = form.querySelector('[data-submit]');
  button?.setAttribute('aria-busy', 'true');
  const { errors } = await act('submit', { view: form.dataset.view, inputs: inputsOf(form) });
  button?.removeAttribute('aria-busy');
  await refresh(...CHAT);
  if (document.contains(form)) showErrors(form, errors ?? {});
  const unplaced = Object.keys(errors ?? {}).filter((block) => !form.querySelector(`[data-error-for="${CSS.escape(block)}"]`));
  if (unplaced.length) toast(errors[unplaced[0]]);
}

async function closeView(form) {
  await act('close', { view: form.dataset.view });
  await refresh(...CHAT);
}

function onKey(event) {
  const modal = document.querySelector('[data-view]');
  if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
  const menu = document.querySelector('[data-menu][open]');
  if (menu) {
    menu.open = false;
    menu.querySelector('summary').focus();
  } else if (modal && document.getElementById('chat').contains(event.target)) closeView(modal);
}

export function presses() {
  document.addEventListener('click', ({ target }) => {
    const element = target.closest('[data-press]');
    for (const menu of document.querySelectorAll('[data-menu][open]')) {
      if (!menu.contains(target) || target.closest('.menu-items')) menu.open = false;
    }
    if (element) press(element);
    const closing = target.closest('[data-close-view]');
    if (closing) closeView(closing.closest('[data-view]'));
  });
  for (const kind of ['change', 'picked']) {
    document.addEventListener(kind, ({ target }) => {
      const element = target.closest('[data-combo], [data-choices], [data-field]');
      const typed = kind === 'change' && element && 'combo' in element.dataset;
      if (element && 'dispatch' in element.dataset && !typed) press(element);
    });
  }
  document.addEventListener('submit', (event) => {
    if (!event.target.matches('[data-view]')) return;
    event.preventDefault();
    submit(event.target);
  });
  document.addEventListener('keydown', onKey);
}
