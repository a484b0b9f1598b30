// Starts the dialogs of security keys and passkeys. Nothing else on these pages needs a script.
// The dialogs themselves are in webauthn.js, which the server names in a script node.
(function () {
  "use strict"

  function start(name) {
    if (typeof window[name] === "function") {
      window[name]()
      return true
    }
    return false
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-onclick-trigger]")
    if (button && !start(button.dataset.onclickTrigger)) {
      document.querySelectorAll("[data-no-webauthn]").forEach(function (note) {
        note.hidden = false
      })
    }
  })

  function ready() {
    document.querySelectorAll("[data-onload-trigger]").forEach(function (field) {
      start(field.dataset.onloadTrigger)
    })
  }

  // Either script may run first.
  if (window.__oryWebAuthnInitialized) ready()
  else window.addEventListener("oryWebAuthnInitialized", ready, { once: true })
})()
