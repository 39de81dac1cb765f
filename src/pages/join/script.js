// Joins a company by the token behind `#`, which browsers never send to a server by themselves.
"use strict";

const token = location.hash.slice(1);
const { base } = document.querySelector("script[data-base]").dataset;
const byId = (id) => document.getElementById(id);
const forms = { new: byId("new"), known: byId("known") };

/** Asks the API. Resolves to the answer's body; rejects with an error that can be shown. */
async function ask(path, body, accessToken) {
  const headers = { "Content-Type": "application/json" };
  if (accessToken) headers.Authorization = `Bearer ${accessToken}`;
  let response;
  let answer;
  try {
    response = await fetch(`${base}api/v1${path}`, {
      method: "POST",
      headers,
      body: body && JSON.stringify(body),
      credentials: "omit",
    });
    answer = await response.json();
  } catch {
    throw { message: "The server could not be reached. Check your connection and try again." };
  }
  if (!response.ok) {
    const { message, errors, error, request_id } = answer;
    throw { message, errors, code: error?.code, reason: error?.reason, request: request_id };
  }
  return answer.data;
}

/** Makes an account for the invited address and joins with it. */
async function joinAsNew(form) {
  const joined = await ask("/invitations/accept", {
    token,
    full_name: form.elements.full_name.value,
    password: form.elements.password.value,
  });
  signOut(joined.access_token);
  return joined;
}

/** Joins with the account that somebody has. */
async function joinAsKnown(form) {
  const session = await ask("/auth/login", {
    email: form.elements.email.value,
    password: form.elements.password.value,
  });
  try {
    return await ask("/invitations/accept", { token }, session.access_token);
  } finally {
    signOut(session.access_token);
  }
}

/** This page keeps nobody signed in; should it fail, the session runs out by itself. */
function signOut(accessToken) {
  if (accessToken) ask("/auth/logout", null, accessToken).catch(() => {});
}

function show(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

function clearProblems() {
  show(byId("problem"), "");
  for (const note of document.querySelectorAll(".field-error")) show(note, "");
  for (const input of document.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
  }
}

/** Puts a problem beside its field; false when the form has no such field. */
function blame(input, text) {
  const note = input?.id && byId(`${input.id}-error`);
  if (!note) return false;
  show(note, text);
  input.setAttribute("aria-invalid", "true");
  return true;
}

function showProblem(form, problem) {
  const rest = (problem.errors ?? []).filter((error) => {
    const name = error.field.split(" -> ").pop();
    return !blame(form.elements[name], error.message);
  });
  if (problem.reason === "ACCOUNT_EXISTS") choose("known");
  if (!problem.errors || rest.length) {
    const help = problem.code === "INTERNAL" ? ` (request ${problem.request})` : "";
    show(byId("problem"), `${problem.message ?? "Something went wrong."}${help}`);
  }
  form.querySelector("[aria-invalid]")?.focus();
}

function showWelcome({ tenant, role }) {
  byId("choice").hidden = true;
  byId("title").textContent = `Welcome to ${tenant.name}`;
  byId("lead").textContent = "You can close this page now and sign in where your team works.";
  show(byId("status"), `You joined ${tenant.name} as ${role}.`);
  // The link has done its work and need not stay in the history.
  history.replaceState(null, "", location.pathname);
  byId("title").focus();
}

function choose(way) {
  for (const [name, form] of Object.entries(forms)) form.hidden = name !== way;
  document.querySelector(`input[name=way][value=${way}]`).checked = true;
}

/** What the browser itself can tell is missing, before anything is sent. */
function checkFields(form) {
  for (const input of form.elements) {
    if (input.willValidate && !input.validity.valid) blame(input, input.validationMessage);
  }
  form.querySelector("[aria-invalid]")?.focus();
  return form.checkValidity();
}

function onSubmit(form, join) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearProblems();
    if (!checkFields(form)) return;
    const button = form.querySelector("button");
    button.disabled = true;
    show(byId("status"), "One moment…");
    try {
      showWelcome(await join(form));
    } catch (problem) {
      show(byId("status"), "");
      showProblem(form, problem);
    } finally {
      button.disabled = false;
    }
  });
}

onSubmit(forms.new, joinAsNew);
onSubmit(forms.known, joinAsKnown);

for (const radio of document.querySelectorAll("input[name=way]")) {
  radio.addEventListener("change", () => {
    clearProblems();
    choose(radio.value);
  });
}

for (const box of document.querySelectorAll("[data-shows]")) {
  box.addEventListener("change", () => {
    byId(box.dataset.shows).type = box.checked ? "text" : "password";
  });
}

if (token) {
  byId("choice").hidden = false;
} else {
  byId("lead").hidden = true;
  show(byId("problem"), "This link is incomplete. Open the link from your letter once more, or ask for a new invitation.");
}
