// Turns the page's DOM into a freshly rendered one by the fewest changes, so that focus, typed text, scroll
// positions and open menus survive a refresh.

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || '' : '');
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

// Whether a person has opened a menu or a dialog is their business, not the server's.
const isTheirs = (element, name) =>
  name === 'open' && (element.nodeName === 'DETAILS' || element.nodeName === 'DIALOG');

function syncAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isTheirs(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isTheirs(old, name)) old.setAttribute(name, value);
  }
}

function syncChildren(old, fresh) {
  const wanted = new Set([...fresh.children].map(keyOf).filter(Boolean));
  for (const child of [...old.children]) {
    if (keyOf(child) && !wanted.has(keyOf(child))) child.remove();
  }
  const keyed = new Map([...old.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let cursor = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const match = keyOf(next) ? keyed.get(keyOf(next)) : cursor && !keyOf(cursor) ? cursor : null;
    if (!match || !alike(match, next)) {
      old.insertBefore(next, cursor);
    } else {
      if (match === cursor) cursor = cursor.nextSibling;
      else old.insertBefore(match, cursor);
      morph(match, next);
    }
  }
  while (cursor) {
    const gone = cursor;
    cursor = cursor.nextSibling;
    gone.remove();
  }
}

function flash(element) {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const colour = getComputedStyle(element).getPropertyValue('--flash');
  element.animate([{ backgroundColor: colour }, { backgroundColor: 'transparent' }], { duration: 1400, easing: 'ease-out' });
}

export function morph(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.dataset.keep && old.dataset.keep === fresh.dataset.keep) return;
  if (old.dataset.keep) {
    old.replaceWith(fresh);
    return;
  }
  if (old.isEqualNode(fresh)) return;
  const before = 'flash' in old.dataset ? old.textContent : null;
  syncAttributes(old, fresh);
  syncChildren(old, fresh);
  if (before !== null && before !== old.textContent) flash(old);
}
