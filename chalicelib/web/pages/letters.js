"use strict";

const form = document.getElementById("form");
const said = document.getElementById("said");
const field = form.querySelector("input");
const token = new URLSearchParams(location.search).get("token");
const needsToken = "needsToken" in form.dataset;

history.replaceState(null, "", location.pathname); // the token is good for one account: it has no place in a history

if (needsToken && !token) {
  form.hidden = true;
  said.textContent = "This address lacks its token. Open the link of the letter once more, in full.";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  said.textContent = "One moment…";
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...(needsToken && { token }), [field.name]: field.value }),
    });
    if (answer.ok) {
      form.hidden = true;
      said.textContent = form.dataset.done;
      return;
    }
    said.textContent = (await answer.json()).detail;
  } catch {
    said.textContent = "The service does not answer. Nothing was lost; try again.";
  }
  button.disabled = false;
});
