// Security keys and passkeys. A form's buttons call these functions by name; each runs one
// WebAuthn ceremony, writes its result as JSON into a hidden field and submits the form.
(function () {
  "use strict";
  if (window.__oryWebAuthnInitialized) return;

  function toBytes(text) {
    var binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(binary, function (c) { return c.charCodeAt(0); });
  }

  function toText(buffer) {
    var binary = Array.from(new Uint8Array(buffer), function (b) { return String.fromCharCode(b); }).join("");
    return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function parsed(options) {
    return typeof options === "string" ? JSON.parse(options) : options;
  }

  function withBytes(descriptors) {
    return (descriptors || []).map(function (d) { return Object.assign({}, d, { id: toBytes(d.id) }); });
  }

  function creation(options) {
    var key = Object.assign({}, options.publicKey);
    key.challenge = toBytes(key.challenge);
    key.user = Object.assign({}, key.user, { id: toBytes(key.user.id) });
    if (key.excludeCredentials) key.excludeCredentials = withBytes(key.excludeCredentials);
    return { publicKey: key };
  }

  function request(options) {
    var key = Object.assign({}, options.publicKey);
    key.challenge = toBytes(key.challenge);
    if (key.allowCredentials) key.allowCredentials = withBytes(key.allowCredentials);
    return { publicKey: key };
  }

  function created(credential) {
    return JSON.stringify({
      id: credential.id, rawId: toText(credential.rawId), type: credential.type,
      response: {
        attestationObject: toText(credential.response.attestationObject),
        clientDataJSON: toText(credential.response.clientDataJSON),
      },
    });
  }

  function asserted(credential) {
    var r = credential.response;
    return JSON.stringify({
      id: credential.id, rawId: toText(credential.rawId), type: credential.type,
      response: {
        authenticatorData: toText(r.authenticatorData), clientDataJSON: toText(r.clientDataJSON),
        signature: toText(r.signature), userHandle: r.userHandle ? toText(r.userHandle) : "",
      },
    });
  }

  function field(name) {
    return document.querySelector('[name="' + name + '"]');
  }

  function supported() {
    if (window.PublicKeyCredential) return true;
    alert("This browser does not support security keys and passkeys.");
    return false;
  }

  // As a form without a script would be sent: pages built with a framework do not know what is in the field.
  function submit(name, value) {
    var target = field(name);
    target.value = value;
    target.closest("form").submit();
  }

  function failed(error) {
    // Closing the browser's dialog is not an error to tell of.
    if (error && (error.name === "NotAllowedError" || error.name === "AbortError")) return;
    alert(error);
  }

  function create(options, name) {
    return navigator.credentials.create(creation(options))
      .then(function (c) { submit(name, created(c)); }).catch(failed);
  }

  function get(options, name, more) {
    return navigator.credentials.get(Object.assign(request(options), more || {}))
      .then(function (c) { submit(name, asserted(c)); }).catch(failed);
  }

  function webAuthnLogin(options) {
    if (supported()) return get(parsed(options || field("webauthn_login_trigger").value), "webauthn_login");
  }

  function webAuthnRegistration(options) {
    if (supported()) return create(parsed(options || field("webauthn_register_trigger").value), "webauthn_register");
  }

  // The dialog that waits beside the form, and how long a page has to stay before it does: one that is only passed
  // through, as after signing out, asks for nothing.
  var waiting = null;
  var PATIENCE_MS = 500;

  function passkeyLogin() {
    if (!supported()) return;
    if (waiting) { waiting.abort(); waiting = null; }
    return get(parsed(field("passkey_challenge").value), "passkey_login");
  }

  function passkeyLoginAutocompleteInit() {
    var conditional = window.PublicKeyCredential && window.PublicKeyCredential.isConditionalMediationAvailable;
    if (!conditional || !field("passkey_challenge")) return;
    return window.PublicKeyCredential.isConditionalMediationAvailable().then(function (available) {
      if (!available) return;
      var mine = waiting = new AbortController();
      setTimeout(function () {
        if (mine.signal.aborted) return;
        get(parsed(field("passkey_challenge").value), "passkey_login", { mediation: "conditional", signal: mine.signal });
      }, PATIENCE_MS);
    });
  }

  function displayName(data) {
    var names = data.displayNameFieldNames || [data.displayNameFieldName];
    for (var i = 0; i < names.length; i++) {
      var found = names[i] && field(names[i]);
      if (found && found.value) return found.value;
    }
    return "";
  }

  function passkeyRegistration() {
    if (!supported()) return;
    var data = parsed(field("passkey_create_data").value);
    var options = data.credentialOptions;
    var name = displayName(data);
    if (name) Object.assign(options.publicKey.user, { name: name, displayName: name });
    return create(options, "passkey_register");
  }

  function passkeySettingsRegistration() {
    if (supported()) return create(parsed(field("passkey_create_data").value), "passkey_settings_register");
  }

  var functions = {
    oryWebAuthnLogin: webAuthnLogin,
    oryWebAuthnRegistration: webAuthnRegistration,
    oryPasskeyLogin: passkeyLogin,
    oryPasskeyLoginAutocompleteInit: passkeyLoginAutocompleteInit,
    oryPasskeyRegistration: passkeyRegistration,
    oryPasskeySettingsRegistration: passkeySettingsRegistration,
  };
  Object.keys(functions).forEach(function (name) {
    window[name] = functions[name];
    window["__" + name] = functions[name];
  });
  window.__oryWebAuthnInitialized = true;
  window.dispatchEvent(new CustomEvent("oryWebAuthnInitialized"));
})();
