/**
 * The page's only script: filters, order, theme, and opening what is folded before printing. The page is whole without
 * it. It is a string because the page carries it; it reads the document alone and never writes markup.
 */
export const pageScript = String.raw`
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];

  const theme = one("#theme");
  const themes = ["auto", "dark", "light"];
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % 3];
    document.documentElement.dataset.theme = next;
    theme.textContent = "theme: " + next;
  });

  let folded = [];
  addEventListener("beforeprint", () => {
    for (const details of all("details:not([open])")) {
      folded.push(details);
      details.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
    folded = [];
  });

  const form = one("#filters");
  if (form === null) return;
  form.hidden = false;
  const list = one("#credentials-list");
  const cards = all("#credentials-list > article");
  const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
  const rows = new Map(all("[data-row-for]").map((row) => [row.dataset.rowFor, row]));
  const shown = one("#shown");
  const none = one("#none");

  const orders = {
    urgency: (a, b) => a.dataset.rank - b.dataset.rank,
    oldest: (a, b) => (a.dataset.since || Infinity) - (b.dataset.since || Infinity) || a.dataset.rank - b.dataset.rank,
    newest: (a, b) => (b.dataset.since || 0) - (a.dataset.since || 0) || a.dataset.rank - b.dataset.rank,
    places: (a, b) => b.dataset.places - a.dataset.places || a.dataset.rank - b.dataset.rank,
  };

  const apply = () => {
    const given = new FormData(form);
    const words = String(given.get("text") || "").toLowerCase().split(/\s+/).filter(Boolean);
    const severities = given.getAll("severity");
    const status = given.get("status");
    const where = given.get("where");
    let count = 0;
    for (const card of cards) {
      const fits =
        severities.includes(card.dataset.severity) &&
        (status === "" || card.dataset.status === status) &&
        (!where || card.dataset.where === where) &&
        words.every((word) => texts.get(card).includes(word));
      card.hidden = !fits;
      const row = rows.get(card.id);
      if (row) row.hidden = !fits;
      if (fits) count++;
    }
    shown.textContent = count === cards.length ? "all " + count + " shown" : count + " of " + cards.length + " shown";
    none.hidden = count > 0;
  };

  const reorder = () => {
    const order = orders[new FormData(form).get("order")] || orders.urgency;
    list.append(...cards.toSorted(order));
  };

  form.addEventListener("input", apply);
  form.addEventListener("change", (event) => {
    if (event.target.name === "order") reorder();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => (reorder(), apply())));
  one("#text").addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.target.value = "";
      apply();
    }
  });

  // A link to a credential that a filter hides would lead nowhere: take the filters off first.
  const reveal = () => {
    const card = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    if (card === null || !card.hidden) return;
    form.reset();
    setTimeout(() => card.scrollIntoView());
  };
  addEventListener("hashchange", reveal);
  reorder();
  apply();
})();
`;
