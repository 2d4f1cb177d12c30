// What a person does in Cliq beyond typing and filling in forms: buttons, the bot's menu, the widget.

import { valueOf } from '/town/static/press.js';
import { refresh } from '/town/static/live.js';
import { act, toast } from '/town/static/net.js';

const BANNER_MS = 8000;

/** Asks first where the app wants that; resolves to what was typed there, or to null when it may not be sent. */
function asked(button) {
  const dialog = document.getElementById(button.dataset.confirm ?? '');
  if (!dialog) return Promise.resolve({});
  const field = dialog.querySelector('input');
  dialog.returnValue = '';
  if (field) field.value = '';
  dialog.showModal();
  (field ?? dialog.querySelector('[value=yes]')).focus();
  return new Promise((done) => {
    const answer = () => (dialog.returnValue === 'yes' ? (field ? { typed: field.value } : {}) : null);
    dialog.addEventListener('close', () => done(answer()), { once: true });
  });
}

async function perform(control, name, body) {
  control.setAttribute('aria-busy', 'true');
  await act(name, body);
  control.removeAttribute('aria-busy');
  await refresh('chat', 'top');
}

async function press(button) {
  const { source, cliqPress, copies } = button.dataset;
  const entered = await asked(button);
  if (!entered) return;
  if (copies) {
    await navigator.clipboard?.writeText(copies).catch(() => {});
    toast(`Copied: ${copies}`);
  } else if (source === 'widget') await perform(button, 'cliq-widget-press', { button: cliqPress, ...entered });
  else await perform(button, 'cliq-press', { source, button: cliqPress, ...entered });
}

// The app may change the form now; whoever was in the field stays there.
async function tell(field) {
  const { source, action } = field.dataset;
  const inside = field.contains(document.activeElement) && document.activeElement.id;
  await act('cliq-change', { view: source, field: action, value: valueOf(field) });
  await refresh('chat');
  if (inside && document.activeElement === document.body) document.getElementById(inside)?.focus();
}

function onClick({ target }) {
  const button = target.closest('[data-cliq-press]');
  if (button) press(button);
  const menu = target.closest('[data-cliq-menu]');
  if (menu) perform(menu, 'cliq-menu', { name: menu.dataset.cliqMenu, sub: menu.dataset.sub });
  const widget = target.closest('[data-cliq-widget]');
  if (widget) perform(widget, 'cliq-widget', { event: widget.dataset.cliqWidget, tab: widget.dataset.tabId });
}

// A banner goes away by itself; screen readers can still find it.
const fading = new WeakSet();
function fadeBanners() {
  for (const banner of document.querySelectorAll('.c-banner:not(.visually-hidden)')) {
    if (fading.has(banner)) continue;
    fading.add(banner);
    setTimeout(() => banner.classList.add('visually-hidden'), BANNER_MS);
  }
}

export function cliq() {
  document.addEventListener('click', onClick);
  for (const kind of ['change', 'picked']) {
    document.addEventListener(kind, ({ target }) => {
      const field = target.closest('[data-told]');
      const typed = kind === 'change' && field && 'combo' in field.dataset;
      if (field && !typed) tell(field);
    });
  }
  new MutationObserver(fadeBanners).observe(document.body, { childList: true, subtree: true });
  fadeBanners();
}
