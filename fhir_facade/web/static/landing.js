// Keeps the status on the landing page up to date while somebody looks at it.
const EVERY = 15000;
const SOON = 2000;
const WORDS = { ready: ["Ready", "good"], degraded: ["Degraded", "warn"] };
const shown = document.getElementById("health");

function show(word) {
  const [text, kind] = WORDS[word] ?? [word.charAt(0).toUpperCase() + word.slice(1), "bad"];
  // a screen reader speaks when the text changes, so it changes only with the status
  if (shown.textContent === text) return;
  shown.textContent = text;
  shown.className = `badge badge-${kind}`;
}

async function ask() {
  if (document.hidden) return;
  try {
    const answer = await fetch(shown.dataset.url, { cache: "no-store" });
    show((await answer.json()).status);
  } catch {
    show("not reachable");
  }
}

if (shown) {
  // what was not ready at the first look may have become so by it
  setTimeout(ask, SOON);
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
}
