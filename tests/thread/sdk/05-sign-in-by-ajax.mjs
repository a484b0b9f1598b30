// A script with cookies signs in. Without them the answer names the one that is missing.
import { PASSWORD } from "./site.mjs"

const signIn = async (site, t) => {
  const { traits } = await site.person()
  const script = site.script()
  const flow = await script.call("createBrowserLoginFlow")
  const form = { method: "password", identifier: traits.email, password: PASSWORD }
  const bare = await t.refused(script.submit("login", flow, form, false), 403, "without the cookie")
  site.show("a form without its cookie", bare.body)
  t.eq(bare.body.error.id, "security_csrf_violation", "the id")
  t.ok(/csrf_token_/.test(bare.body.error.bia.hint), "the cookie is named", bare.body.error.bia.hint)
  const done = await script.submit("login", flow, form)
  t.eq(done.session.active, true, "with it there is a session")
  t.eq((await script.call("toSession")).identity.traits, traits, "which whoami knows by its cookie")
}

// The second server also lets a page of another origin ask; for an SDK it is the same.
export default [signIn, signIn]
