// Folds and unfolds the JSON of an answer; without this script each part still folds by itself.
const tools = document.getElementById("json-tools");
const text = document.getElementById("json-text");
const parts = text ? [...text.querySelectorAll("details")] : [];

if (parts.length > 2) {
  tools.hidden = false;
  tools.addEventListener("click", (event) => {
    const wanted = event.target.closest("button")?.dataset.fold;
    if (!wanted) return;
    for (const part of parts) part.open = wanted === "open";
  });
}
