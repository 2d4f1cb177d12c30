// Where a conversation stands: at its end, or at the top of a new message that is taller than the view. Whoever
// scrolls away is left where they are.

const SLACK = 60;
const list = () => document.querySelector('ol#messages');
const lastOf = (messages) => messages.lastElementChild;
const endOf = (messages) => messages.scrollHeight - messages.clientHeight;
const nearEnd = (messages) => endOf(messages) - messages.scrollTop < SLACK;
const topOf = (message, messages) => message.getBoundingClientRect().top - messages.getBoundingClientRect().top + messages.scrollTop;

// The message whose top is shown on purpose, and where that was.
let held = null;

function hold(messages, message) {
  messages.scrollTop = Math.max(0, topOf(message, messages) - 6);
  held = { key: message.dataset.key, at: messages.scrollTop };
}

function toEnd(messages) {
  messages.scrollTop = messages.scrollHeight;
  held = null;
}

const isTall = (messages) => (lastOf(messages)?.offsetHeight ?? 0) > messages.clientHeight;

function toNewest(messages) {
  if (isTall(messages)) hold(messages, lastOf(messages));
  else toEnd(messages);
}

function tellMore() {
  const messages = list();
  const more = document.getElementById('more-below');
  if (more) more.hidden = !messages || nearEnd(messages);
}

/** What is to be remembered before the conversation changes. */
export function before() {
  const messages = list();
  if (!messages) return null;
  return {
    place: messages.dataset.at,
    last: lastOf(messages)?.dataset.key,
    tall: isTall(messages),
    atEnd: nearEnd(messages),
    held: held && Math.abs(messages.scrollTop - held.at) < 4 ? held.key : null,
  };
}

/** Settles the conversation after a change; `was` comes from `before`. */
export function settle(was) {
  const messages = list();
  if (messages) {
    const follows = was?.atEnd || was?.held;
    const kept = was?.held && messages.querySelector(`[data-key="${was.held}"]`);
    if (was?.place !== messages.dataset.at) toNewest(messages);
    else if (follows && was.last !== lastOf(messages)?.dataset.key) toNewest(messages);
    else if (kept) hold(messages, kept);
    else if (was.atEnd && was.tall) toEnd(messages);
    else if (was.atEnd) toNewest(messages);
  }
  tellMore();
}

/** Shows the message that a permalink names. */
export function showLinked() {
  const messages = list();
  const named = new URLSearchParams(location.search).get('message');
  const message = named && document.getElementById(`m-${named}`);
  if (!messages || !message) return;
  message.classList.add('linked');
  hold(messages, message);
  tellMore();
}

export function scrolling() {
  document.addEventListener('scroll', ({ target }) => target.id === 'messages' && tellMore(), true);
  document.addEventListener('click', ({ target }) => {
    const messages = list();
    if (!messages || !target.closest('#more-below')) return;
    const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth';
    messages.scrollBy({ top: messages.clientHeight * 0.85, behavior });
  });
  addEventListener('resize', tellMore);
}
