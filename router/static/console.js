// What the pages do beyond HTML: countdowns by the server's clock, live rows, copying. Everything works without it too.

const body = document.body;

// --- the clock: Redis' time, carried on by a clock of the browser that nobody can set

let offset = Number(body.dataset.now) - performance.now() / 1000;
const now = () => offset + performance.now() / 1000;

function setClock(seconds) {
  offset = seconds - performance.now() / 1000;
  tick();
}

// --- countdowns

function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [d, h, m, s] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  if (d) return h ? `${d}d${h}h` : `${d}d`;
  if (h) return m ? `${h}h${m}m` : `${h}h`;
  return m ? `${m}m ${String(s).padStart(2, "0")}s` : `${s}s`;
}

function coarse(seconds) {
  return seconds >= 60 ? duration(seconds - (seconds % 60)).replace(" 00s", "") : duration(seconds);
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  const at = now();
  for (const one of document.querySelectorAll("[data-due]")) {
    const left = Number(one.dataset.due) - at;
    say(one, left > 0 ? `in ${duration(left)}` : `overdue ${duration(-left)}`);
    one.classList.toggle("overdue", left <= 0);
    one.classList.toggle("soon", left > 0 && left < 300);
  }
  for (const one of document.querySelectorAll("[data-since]")) say(one, coarse(at - Number(one.dataset.since)));
  for (const one of document.querySelectorAll("[data-until]")) one.hidden = Number(one.dataset.until) <= at;
}

// --- changes of what stands on the page: none under a finger, and none that moves what is being looked at

const rows = document.querySelector("[data-rows]");
let pressing = null;
const waiting = [];

function change(act, moves) {
  if (pressing) waiting.push([act, moves]);
  else still(act, moves);
}

// Whoever has scrolled sees the same rows in the same place; at the top of the list, what is new. `moves` is the id of a
// row that goes elsewhere. The browser's own way to do this is off where rows are (console.css).
function still(act, moves) {
  const tops = new Map();
  for (const one of scrollY > 0 && rows ? rows.children : []) {
    const { top, bottom } = one.getBoundingClientRect();
    if (bottom > 0 && top < innerHeight && one.id !== moves) tops.set(one.id, top);
  }
  act();
  const by = [...tops].map(([id, top]) => (document.getElementById(id)?.getBoundingClientRect().top ?? NaN) - top);
  const known = by.filter((one) => !isNaN(one)).sort((a, b) => a - b);
  if (known.length) scrollBy({ top: known[known.length >> 1], behavior: "instant" });
}

function release() {
  clearTimeout(pressing);
  pressing = null;
  for (const [act, moves] of waiting.splice(0)) still(act, moves);
}

// A click comes a little after its finger has left; and some fingers are never said to have left.
function releaseIn(wait) {
  clearTimeout(pressing);
  pressing = setTimeout(release, wait);
}
addEventListener("pointerdown", () => releaseIn(5000), true);
for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => pressing && releaseIn(300), true);

// --- parts that are read anew: the page is asked for again, and what is marked data-part is taken from it

let reading = null;
let again = false;

async function readAnew() {
  if (!document.querySelector("[data-part]")) return;
  if (reading) {
    again = true;
    return;
  }
  reading = fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
  try {
    const answer = await reading;
    const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    if (fresh) change(() => replaceParts(fresh));
  } catch {
    // The next event, or the person, tries again.
  } finally {
    // Not more often than once a second, however much happens.
    setTimeout(() => {
      reading = null;
      if (again) readAnew();
      again = false;
    }, 1000);
  }
}

function replaceParts(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.getElementById(part.id);
    if (!other || inUse(part)) continue;
    keepChosen(part, other);
    keepFocus(part, () => part.replaceChildren(...other.childNodes));
  }
  const tally = document.getElementById("tally");
  const theirs = fresh.getElementById("tally");
  if (tally && theirs) tally.replaceChildren(...theirs.childNodes);
  document.title = fresh.title;
  if (fresh.body.dataset.now) setClock(Number(fresh.body.dataset.now));
  ready(document);
}

// Whoever is writing or has a menu open is not disturbed: their part is taken anew with the next change.
function inUse(part) {
  const active = document.activeElement;
  const writing = part.contains(active) && active.matches("input:not([type=checkbox]), textarea, select");
  return writing || part.querySelector("details[open]:not([data-stays]) :focus") !== null;
}

// Enter must do what the control said when one's finger was on its way: the focus goes to the same control, and when
// there is none any more, to a link, which changes nothing.
function keepFocus(part, replace) {
  const active = part?.contains(document.activeElement) ? document.activeElement : null;
  const [was, row] = active ? [control(active), active.closest(".row")?.id] : [];
  replace();
  if (!active || active.isConnected) return;
  const same = [...document.querySelectorAll(active.localName)].find((one) => control(one) === was);
  (same ?? document.getElementById(row)?.querySelector("a.name"))?.focus({ preventScroll: true });
}

function control(one) {
  const said = ["name", "value", "href", "aria-label"].map((attribute) => one.getAttribute(attribute));
  return JSON.stringify([one.closest("[id]")?.id, one.textContent.trim(), ...said]);
}

// What was typed, chosen or ticked, and which menus are open.
function keepChosen(part, other) {
  const theirs = fields(other);
  for (const [key, mine] of fields(part)) {
    const field = mine && changed(mine) && theirs.get(key);
    if (field && ticks(field)) field.checked = mine.checked;
    else if (field) field.value = mine.value;
  }
  const open = new Set([...part.querySelectorAll("details[open][id]")].map((one) => one.id));
  for (const one of other.querySelectorAll("details[id]")) one.open = open.has(one.id);
}

// Each by where it stands and what its form is about. Two that cannot be told apart are left as they come.
function fields(part) {
  const found = new Map();
  for (const one of part.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    const form = one.closest("form");
    const about = [...(form?.querySelectorAll("input[type=hidden]") ?? [])].map((held) => held.value);
    const key = JSON.stringify([one.closest("[id]")?.id, form?.getAttribute("action"), about, one.name, ticks(one) && one.value]);
    found.set(key, found.has(key) ? null : one);
  }
  return found;
}

const ticks = (field) => field.matches("[type=checkbox], [type=radio]");

function changed(field) {
  if (ticks(field)) return field.checked !== field.defaultChecked;
  if (!field.matches("select")) return field.value !== field.defaultValue;
  const options = [...field.options];
  return field.selectedIndex !== Math.max(0, options.findLastIndex((one) => one.defaultSelected));
}

// --- the list of incidents: one row at a time

function putRow(said) {
  const made = new DOMParser().parseFromString(said.html, "text/html").body.firstElementChild;
  const old = document.getElementById(`i-${said.id}`);
  counted();
  if (old && inUse(old)) return;
  if (old) keepChosen(old, made);
  keepFocus(old, () => {
    old?.remove();
    const next = [...rows.children].find((one) => one.dataset.order > said.order);
    rows.insertBefore(made, next ?? null);
  });
  if (!old) made.classList.add("fresh");
}

function takeRow(said) {
  const old = document.getElementById(`i-${said.id}`);
  if (!old) return;
  old.remove();
  counted();
}

// How many there are changes with each row: the numbers are read anew, soon and together.
let counting = null;
function counted() {
  counting ??= setTimeout(() => {
    counting = null;
    readAnew();
  }, 2000);
}

// --- the stream

let stream = null;
let heard = 0;
let last = now(); // When it was heard last, by Redis' clock.
let unheard = 0; // Seconds since then in which this page was awake and in sight.
const PATIENCE = 15;

function hear() {
  heard = performance.now();
  last = now();
  if (unheard >= PATIENCE) cut(null);
  unheard = 0;
}

function listen() {
  if (!body.dataset.live || stream || document.hidden) return;
  stream = new EventSource(body.dataset.live);
  stream.addEventListener("open", () => {
    hear();
    pulse("live");
    cut(null);
    readAnew(); // What happened since the page was made, or while nobody listened.
  });
  const on = (name, act) =>
    stream.addEventListener(name, (event) => {
      act(JSON.parse(event.data));
      hear();
      tick();
    });
  on("clock", (said) => setClock(said.now));
  on("banner", (said) => {
    const fresh = new DOMParser().parseFromString(said.html, "text/html").body;
    change(() => document.getElementById("banner").replaceChildren(...fresh.childNodes));
  });
  on("all", readAnew);
  on("row", (said) => rows && change(() => putRow(said), `i-${said.id}`));
  on("gone", (said) => change(() => takeRow(said), `i-${said.id}`));
  on("out", () => {
    hangUp(0);
    askWhy();
  });
  on("changed", (said) => concerns(said.ids) && readAnew());
  stream.addEventListener("error", () => {
    pulse("connecting again …");
    if (stream.readyState === EventSource.CLOSED) {
      hangUp(0);
      askWhy();
    }
  });
}

// A stream that is refused does not say why: the same question, asked once more, does.
async function askWhy() {
  const asked = new AbortController();
  try {
    const answer = await fetch(body.dataset.live, { redirect: "manual", signal: asked.signal });
    if (answer.type === "opaqueredirect") {
      cut("", true);
      return; // Whoever signs in elsewhere and comes back to this page is heard: it listens when it is looked at.
    }
    if (!answer.ok) {
      const said = new DOMParser().parseFromString(await answer.text(), "text/html");
      const why = said.querySelector("[data-why]")?.textContent;
      if (why) cut(why);
      else missed(true);
    }
  } catch {
    missed(true); // Nobody answers.
  } finally {
    asked.abort();
  }
  setTimeout(listen, 10000);
}

// Why this page changes no more by itself; null: it does again.
function cut(text, out = false) {
  const place = document.getElementById("cut");
  const link = place.querySelector("a");
  link.href = `/sign-in?${new URLSearchParams({ then: location.pathname + location.search })}`;
  change(() => {
    link.hidden = !out;
    say(place.querySelector("span"), out ? "You are signed out: what stands here changes no more." : (text ?? ""));
    place.hidden = !text && !out;
  });
  if (text !== null) pulse(out ? "signed out" : "not live");
}

// Nothing is heard any more: said after a while, and not in place of a better reason unless that is over. Whoever is
// signed out has been told.
function missed(over = false) {
  const place = document.getElementById("cut");
  if (unheard < PATIENCE || !(over ? place.querySelector("a").hidden : place.hidden)) return;
  const [at, today] = [last, now()].map((seconds) => new Date(seconds * 1000).toISOString());
  const day = at.slice(0, 10) === today.slice(0, 10) ? "" : `${at.slice(0, 10)} `;
  cut(`Not live since ${day}${at.slice(11, 16)} UTC. Trying again.`);
}

function concerns(ids) {
  const only = body.dataset.only ?? document.getElementById("main").dataset.only;
  return !only || ids.includes(only);
}

function hangUp(wait) {
  stream?.close();
  stream = null;
  if (wait) setTimeout(listen, wait);
}

function pulse(text) {
  const place = document.getElementById("pulse");
  if (place) say(place, text);
}

// A laptop that slept has a stream that only looks open, and a clock that may have stood still.
setInterval(() => {
  if (stream && performance.now() - heard > 15000) {
    hangUp(0);
    pulse("connecting again …");
    listen();
  }
}, 3000);
let wall = Date.now();
setInterval(() => {
  const slept = Date.now() - wall > 5000;
  wall = Date.now();
  if (body.dataset.live && !document.hidden) {
    unheard += 1;
    missed();
  }
  if (slept && stream) {
    hangUp(0);
    listen();
  }
  tick();
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return hangUp(0);
  unheard = 0;
  listen();
});
addEventListener("pagehide", () => hangUp(0));
addEventListener("pageshow", (event) => event.persisted && listen());

// --- small things

function ready(root) {
  for (const one of root.querySelectorAll("[data-copy]")) one.hidden = false;
  for (const one of root.querySelectorAll("[data-scripted]")) one.hidden = false;
  tick();
}

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    const before = copy.textContent;
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = before), 1500);
  }
  for (const open of document.querySelectorAll("details.more[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.more[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// On a telephone the menu is one line: the page one is on stands in sight.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
// An address with a # takes the focus to its part: what was just done comes before it.
document.querySelector("#said p")?.focus({ preventScroll: true });
ready(document);
listen();
