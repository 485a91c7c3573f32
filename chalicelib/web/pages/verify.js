"use strict";

const form = document.getElementById("form");
const said = document.getElementById("said");
const token = new URLSearchParams(location.search).get("token");

history.replaceState(null, "", location.pathname); // the token is good for one account: it has no place in a history

if (!token) {
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
      body: JSON.stringify({ token, password: document.getElementById("password").value }),
    });
    const told = await answer.json();
    if (answer.ok) {
      form.hidden = true;
      said.textContent = `${told.tenant.name} is open. Sign in as ${told.user.email} with POST /v1/auth/login.`;
      return;
    }
    said.textContent = told.detail;
  } catch {
    said.textContent = "The service does not answer. Nothing was lost; try again.";
  }
  button.disabled = false;
});
