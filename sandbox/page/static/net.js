// Calls to the town. Each says who acts: the page holds no session, its address does.

const address = () => new URLSearchParams(location.search);
const actor = () => ({ as: address().get('as') || '', app: address().get('app') || '' });

export async function ask(path, parameters) {
  const query = new URLSearchParams({ ...actor(), ...parameters });
  const answer = await fetch(`/town/${path}?${query}`);
  return answer.ok ? answer.json() : [];
}

export async function act(name, body) {
  const answer = await fetch(`/town/act/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...actor(), ...body }),
  });
  const result = await answer.json().catch(() => ({}));
  if (!answer.ok) toast(result.error || 'That did not work.');
  return result;
}

let hiding = 0;
export function toast(text) {
  const box = document.getElementById('toast');
  box.textContent = text;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (box.hidden = true), 6000);
}
