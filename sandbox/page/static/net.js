// Calls to the town. Each says who acts: the page holds no session, its address does.

export const who = () => new URLSearchParams(location.search).get('as') || '';

export async function ask(path, parameters) {
  const query = new URLSearchParams({ as: who(), ...parameters });
  const answer = await fetch(`/town/${path}?${query}`);
  return answer.ok ? answer.json() : [];
}

export async function act(name, body) {
  const answer = await fetch(`/town/act/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ as: who(), ...body }),
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
