// The message field: suggests commands after "/", people after "@"; Enter sends, Shift+Enter breaks the line.

import { Listbox } from '/town/static/listbox.js';
import { act, ask } from '/town/static/net.js';
import { refresh } from '/town/static/live.js';

const boxes = new WeakMap();

const wordBefore = (field) => field.value.slice(0, field.selectionStart).match(/(^\/\S*|@\S*)$/)?.[0] ?? '';

function insert(field, text) {
  const end = field.selectionStart;
  field.setRangeText(`${text} `, end - wordBefore(field).length, end, 'end');
  grow(field);
}

function grow(field) {
  field.style.height = 'auto';
  field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
}

function boxOf(field) {
  if (!boxes.has(field)) {
    const list = document.getElementById(field.getAttribute('aria-controls'));
    const load = () => (wordBefore(field) ? ask('complete', { q: wordBefore(field) }) : []);
    boxes.set(field, new Listbox(field, list, { load, pick: (option) => insert(field, option.value) }));
  }
  return boxes.get(field);
}

async function send(form) {
  const field = form.querySelector('textarea');
  const text = field.value.trim();
  if (!text) return;
  boxOf(field).close();
  field.value = '';
  grow(field);
  form.toggleAttribute('data-busy', true);
  await act('say', { channel: form.dataset.channel, text });
  form.toggleAttribute('data-busy', false);
  await refresh('chat', 'top');
}

export function composer() {
  document.addEventListener('input', ({ target }) => {
    if (target.id !== 'composer-text') return;
    grow(target);
    boxOf(target).suggest();
  });
  document.addEventListener('keydown', (event) => {
    if (event.target.id !== 'composer-text') return;
    const box = boxOf(event.target);
    // A word that is complete already needs no picking: Enter sends at once.
    if (event.key === 'Enter' && box.current?.value === wordBefore(event.target)) box.close();
    if (box.key(event)) return;
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(event.target.form);
  });
  document.addEventListener('submit', (event) => {
    if (event.target.id !== 'composer') return;
    event.preventDefault();
    send(event.target);
  });
  document.addEventListener('click', ({ target }) => {
    const line = target.closest('[data-fill]')?.dataset.fill;
    const field = document.getElementById('composer-text');
    if (!line || !field) return;
    field.value = line;
    grow(field);
    field.focus();
  });
}
