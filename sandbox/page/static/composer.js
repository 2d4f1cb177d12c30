// The message field: suggests commands after "/", people after "@"; Enter sends, Shift+Enter breaks the line.

import { Listbox } from '/town/static/listbox.js';
import { act, ask } from '/town/static/net.js';
import { refresh } from '/town/static/live.js';

const boxes = new WeakMap();

const before = (field) => field.value.slice(0, field.selectionStart);
const wordBefore = (field) => before(field).match(/(^\/\S*|@\S*)$/)?.[0];
// What Cliq's apps suggest belongs to the whole line of their command.
const lineBefore = (field) => ('suggests' in field.form.dataset ? before(field).match(/^\/\S+ .*$/)?.[0] : undefined);
const sought = (field) => lineBefore(field) ?? wordBefore(field) ?? '';

function insert(field, { value, label }) {
  const end = field.selectionStart;
  field.dataset.picked = label;
  field.setRangeText(`${value} `, end - sought(field).length, end, 'end');
  grow(field);
}

function grow(field) {
  field.style.height = 'auto';
  field.style.height = `${Math.min(field.scrollHeight, 160)}px`;
}

function boxOf(field) {
  if (!boxes.has(field)) {
    const list = document.getElementById(field.getAttribute('aria-controls'));
    const { channel } = field.form.dataset;
    const load = () => (sought(field) ? ask('complete', { q: sought(field), channel }) : []);
    boxes.set(field, new Listbox(field, list, { load, pick: (option) => insert(field, option) }));
  }
  return boxes.get(field);
}

async function send(form) {
  const field = form.querySelector('textarea');
  const text = field.value.trim();
  if (!text) return;
  boxOf(field).close();
  const { picked = '' } = field.dataset;
  delete field.dataset.picked;
  field.value = '';
  grow(field);
  form.toggleAttribute('data-busy', true);
  await act('say', { channel: form.dataset.channel, text, picked });
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
    if (event.key === 'Enter' && box.current?.value === sought(event.target)) box.close();
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
