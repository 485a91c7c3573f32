// The banner: which pushes are real, and the local clock with its levers.

import { day, find, say, span, time, toast } from "/local/dom.js";
import { post } from "/local/feed.js";

const CLOSE_ENOUGH_SECONDS = 3;
let ahead = 0; // milliseconds between the local clock and this browser's
let ticking = 0;

export const now = () => Date.now() + ahead;

export function show(state) {
  ahead = Date.parse(state.now) - Date.now();
  const mode = find("mode");
  mode.dataset.mode = state.real_push ? "real" : "simulated";
  mode.title = state.real_push
    ? "REAL_PUSH=1: endpoints made by a browser are pushed to over the internet"
    : "make run REAL_PUSH=1 lets a browser subscribe with its own push service";
  say(find("mode-text"), state.real_push ? "REAL_PUSH=1: real pushes are on" : "Simulated pushes only");
  draw();
  ticking ||= setInterval(draw, 1000);
}

export function stop() {
  clearInterval(ticking);
  ticking = 0;
  find("mode").dataset.mode = "lost";
  say(find("mode-text"), "stopped");
}

function draw() {
  say(find("clock"), time(now()));
  find("clock").dateTime = new Date(now()).toISOString();
  const lead = ahead / 1000;
  const distance = lead > CLOSE_ENOUGH_SECONDS ? ` · ${span(lead)} ahead` : "";
  say(find("clock-day"), `${day(now())} UTC${distance}`);
}

for (const button of document.querySelectorAll(".steps button")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await post("/local/clock/advance", { seconds: Number(button.dataset.seconds) });
      document.dispatchEvent(new Event("asked"));
    } catch (error) {
      toast(`The clock did not move: ${error.message}`);
    } finally {
      button.disabled = false;
    }
  });
}
