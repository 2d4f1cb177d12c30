import { cliq } from '/town/static/cliq.js';
import { combos } from '/town/static/combo.js';
import { composer } from '/town/static/composer.js';
import { go, listen, refresh } from '/town/static/live.js';
import { act, toast } from '/town/static/net.js';
import { presses } from '/town/static/press.js';

const openHome = async () => {
  await act('home', {});
  await refresh('chat');
};

function links() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-go]');
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.href);
  });
  document.addEventListener('change', ({ target }) => {
    const form = target.closest('form[data-go]');
    if (!form) return;
    const query = new URLSearchParams(location.search);
    for (const [name, value] of new FormData(form)) query.set(name, value);
    go(`?${query}`);
  });
}

// The switches of the panes: each names an action of the town and its arguments.
async function perform(control, entered = {}) {
  control.setAttribute('aria-busy', 'true');
  const { done } = await act(control.dataset.do, { ...JSON.parse(control.dataset.with || '{}'), ...entered });
  control.removeAttribute('aria-busy');
  if (done) toast(done);
  await refresh('top', 'pane');
}

function controls() {
  document.addEventListener('click', ({ target }) => {
    const control = target.closest('button[data-do]');
    if (control) perform(control);
  });
  document.addEventListener('submit', (event) => {
    if (!event.target.matches('form[data-do]')) return;
    event.preventDefault();
    perform(event.target, Object.fromEntries(new FormData(event.target)));
  });
}

function theme() {
  document.addEventListener('click', ({ target }) => {
    if (!target.closest('#theme')) return;
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const now = document.documentElement.dataset.theme || (dark ? 'dark' : 'light');
    document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark';
    localStorage.setItem('theme', document.documentElement.dataset.theme);
  });
}

composer();
combos();
presses();
cliq();
links();
controls();
theme();
listen();
document.addEventListener('home-opened', openHome);
if (new URLSearchParams(location.search).get('at') === 'home') openHome();
