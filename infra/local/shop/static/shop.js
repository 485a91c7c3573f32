// What a customer's own script does with the product's: the bell, its dialog, the wish to be told when something is
// back, and who is signed in. Everything else happens by itself.

// Until the product's script is there, what is said waits here.
window.pushsaas ||= function (...said) {
  (window.pushsaas.q ||= []).push(said);
};

const customer = document.currentScript.dataset;
const find = (id) => document.getElementById(id);
const STATES = {
  open: ["You are not told of anything yet.", "Switch on"],
  declined: ["You are not told of anything yet.", "Switch on"],
  joining: ["Almost there: we try again on your next visit.", ""],
  subscribed: ["You are told of what you choose here.", "Switch off"],
  blocked: ["Your browser blocks notifications from this shop. The lock beside the address lets you change that.", ""],
  home_screen: ["On this phone, notifications come with the app.", "Show me how"],
};

// Also when it is nobody: who was signed in here before may have signed out.
if (customer.customer) window.pushsaas("identify", customer.customer, customer.signature);
else window.pushsaas("identify");

for (const news of ["subscribed", "unsubscribed", "declined", "blocked"]) window.pushsaas("on", news, look);
// Whoever subscribes again is a new subscriber: what is ticked here is said again.
window.pushsaas("on", "subscribed", () => kept().length && say("tag", ...kept()));
look();

find("bell").addEventListener("click", () => find("notices").showModal());
find("keep-posted")?.addEventListener("click", () => say("subscribe", show));
find("notices-switch").addEventListener("click", async () => {
  if (find("notices-switch").dataset.state === "subscribed") return say("unsubscribe", show);
  // The visitor has pressed a switch that says what it does: the browser's own question may follow at once. Where there
  // is push on the home screen only, what is shown is the way there, above this dialog.
  if (find("notices-switch").dataset.state === "home_screen") find("notices").close();
  say("subscribe", { prompt: false }, show);
});
for (const box of find("notices-wishes").elements) box.addEventListener("change", () => choose(box));
wish(find("wait"));
basket(find("buy"));

function say(...words) {
  window.pushsaas(...words);
}

function look() {
  say("status", show);
}

function show({ state }) {
  const [text, label] = STATES[state] ?? ["", ""];
  find("bell").hidden = !text;
  find("bell").dataset.state = state;
  find("notices-said").textContent = text;
  find("notices-switch").textContent = label;
  find("notices-switch").dataset.state = state;
  find("notices-switch").hidden = !label;
  find("notices-wishes").hidden = state !== "subscribed";
  for (const box of find("notices-wishes").elements) box.checked = kept().includes(box.name);
  const invitation = find("keep-posted");
  if (invitation) invitation.hidden = !["open", "home_screen"].includes(state);
}

function choose({ name, checked }) {
  say(checked ? "tag" : "untag", name);
  keep(checked ? [...kept(), name] : kept().filter((one) => one !== name));
}

function kept() {
  return JSON.parse(localStorage.getItem("wishes") ?? "[]");
}

function keep(wishes) {
  localStorage.setItem("wishes", JSON.stringify([...new Set(wishes)]));
}

function wish(button) {
  button?.addEventListener("click", () => {
    const { tag } = button.dataset;
    say("tag", tag);
    say("subscribe", { texts: { title: "Tell you when it is back?", body: "One notification, when it can be had again." } }, ({ state }) => {
      const isWaiting = state === "subscribed" || state === "joining";
      const no = state === "blocked" ? STATES.blocked[0] : "We will not tell you, then. Press again to change your mind.";
      find("wait-said").textContent = isWaiting ? "We will tell you, on this device." : no;
    });
  });
}

function basket(button) {
  const count = () => Number(localStorage.getItem("basket") ?? 0);
  find("basket").textContent = count();
  button?.addEventListener("click", () => {
    localStorage.setItem("basket", count() + 1);
    find("basket").textContent = count();
    find("buy-said").textContent = "It is in your basket.";
    say("set", { basket_items: count() });
  });
}
