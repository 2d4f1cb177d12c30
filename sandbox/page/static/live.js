// Keeps the regions of the page fresh: the town tells by server-sent events which of them changed.

import { morph } from '/town/static/morph.js';
import { before, scrolling, settle, showLinked } from '/town/static/scroll.js';

const REGIONS = ['top', 'chat', 'tabs', 'pane'];
const wanted = new Set();
let running = null;

const parse = (html) => new DOMParser().parseFromString(html, 'text/html').body.firstElementChild;

function apply(name, fresh) {
  const old = document.querySelector(`[data-region="${name}"]`);
  const view = document.querySelector('[data-view]')?.dataset.view;
  const was = before();
  const asked = waitedFor();
  const held = old.contains(document.activeElement) ? document.activeElement : null;
  morph(old, fresh);
  if (waitedFor() !== asked) showCurrent();
  if (name !== 'chat') return;
  settle(was);
  if (held) keepFocus(held);
  focusModal(view);
}

// Whoever was at something that has gone, such as a button that they have pressed, goes on at the message field.
function keepFocus(held) {
  if (document.activeElement !== document.body) return;
  const next = held.isConnected ? held : document.getElementById('composer-text');
  next?.focus({ preventScroll: true });
}

// A modal that has just appeared takes the focus, and typing replaces what is suggested in its first field; one that
// has gone gives the focus back to the message field.
function focusModal(before) {
  const modal = document.querySelector('[data-view]');
  if (modal && modal.dataset.view !== before) {
    const field = modal.querySelector('.modal-body input, .modal-body textarea');
    (field || modal.querySelector('h2')).focus();
    field?.select();
  } else if (!modal && before) {
    document.getElementById('composer-text')?.focus();
  }
}

const waitedFor = () => [...document.querySelectorAll('.person:has(.dot)')].map((one) => one.dataset.key).join(' ');

// Rows that scroll sideways on a narrow screen show whom the bot waits for, and above all what is current in them.
function showCurrent() {
  const shown = ['.person:has(.dot)', '.person[aria-current]', '.channels [aria-current]'];
  for (const current of shown.flatMap((one) => [...document.querySelectorAll(one)].reverse())) {
    reveal(current, current.closest('.people-row, .channels'));
  }
}

// Not by scrollIntoView: a browser may go on from there at the next Tab, past the link that skips to the message field.
function reveal(element, row) {
  const [view, box] = [row.getBoundingClientRect(), element.getBoundingClientRect()];
  row.scrollLeft += Math.min(0, box.left - view.left) + Math.max(0, box.right - view.right);
  row.scrollTop += Math.min(0, box.top - view.top) + Math.max(0, box.bottom - view.bottom);
}

async function drain() {
  while (wanted.size) {
    const names = [...wanted];
    wanted.clear();
    const search = location.search;
    const query = new URLSearchParams(search);
    query.set('regions', names.join(','));
    const answer = await fetch(`/town/regions?${query}`).catch(() => null);
    if (!answer?.ok) continue;
    const fresh = await answer.json();
    if (location.search !== search) names.forEach((name) => wanted.add(name));
    else for (const [name, html] of Object.entries(fresh)) apply(name, parse(html));
  }
}

/** Renders the named regions anew (all of them without a name); resolves when they are on the page. */
export async function refresh(...names) {
  (names.length ? names : REGIONS).forEach((name) => wanted.add(name));
  running ??= drain().finally(() => (running = null));
  await running;
  if (wanted.size) await refresh(...wanted);
}

export async function go(url, { push = true } = {}) {
  if (push) history.pushState(null, '', url);
  const query = new URLSearchParams(location.search);
  document.getElementById('town').dataset.pane = query.get('pane') || 'chat';
  await refresh();
  showCurrent();
  if (query.get('at') === 'home') document.dispatchEvent(new CustomEvent('home-opened'));
}

// The town names kinds of change; the pane concerns only those that it shows.
function regionsOf(changes) {
  const pane = document.getElementById('pane').dataset.key;
  const names = new Set();
  for (const change of changes) {
    if (change === 'chat') names.add('chat').add('top');
    else if (change === 'top') names.add('top');
    else if (change === pane) names.add('pane');
  }
  return [...names];
}

export function listen() {
  const events = new EventSource('/town/events');
  events.onmessage = ({ data }) => {
    const names = regionsOf(JSON.parse(data));
    if (names.length) refresh(...names);
  };
  // Before the first connection, and while it is lost, anything may have changed unheard.
  events.onopen = () => refresh();
  addEventListener('popstate', () => go(location.href, { push: false }));
  showCurrent();
  scrolling();
  settle(null);
  showLinked();
}
