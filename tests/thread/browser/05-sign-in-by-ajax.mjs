// Real `fetch` calls in Chromium: from the server's own origin, and from an application of another one.
import { PASSWORD } from "../sdk/site.mjs"
import { listen } from "../proxy.mjs"

// Runs in the page: fetches a login flow, sends it without and with cookies, and asks who is signed in.
const signIn = async ([base, identifier, password]) => {
  const call = async (url, body, credentials = "include") => {
    const headers = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) }
    const answer = await fetch(url, { method: body ? "POST" : "GET", headers, credentials, body: body && JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() }
  }
  const flow = (await call(`${base}/self-service/login/browser`)).body
  const { value } = flow.ui.nodes.find((n) => n.attributes.name === "csrf_token").attributes
  const form = { method: "password", identifier, password, csrf_token: value }
  const bare = await call(flow.ui.action, form, "omit")
  const done = await call(flow.ui.action, form)
  return { bare, done, who: await call(`${base}/sessions/whoami`) }
}
const check = (site, t, traits, { bare, done, who }) => {
  site.show("a fetch without credentials", bare.body)
  t.eq([bare.status, bare.body.error.id], [403, "security_csrf_violation"], "without credentials the cookie is missed")
  t.ok(/csrf_token_/.test(bare.body.error.bia.hint), "and named", bare.body.error.bia.hint)
  t.eq([done.status, done.body.session?.active], [200, true], "with them there is a session")
  t.eq([who.status, who.body.identity?.traits], [200, traits], "which the browser keeps")
}

export default [
  async (site, t, visitor) => {
    const { traits } = await site.person()
    await (await visitor()).journey(async (v) => {
      // Any address of the server that is no page: pages of Bia let no script ask for anything.
      await v.open("/health/ready")
      check(site, t, traits, await v.page.evaluate(signIn, [site.base, traits.email, PASSWORD]))
      await v.open("/ui/")
      v.complaints.length = 0 // Chromium tells of the answer 403.
      await v.isHomeAs(traits.email)
    })
  },
  async (site, t, visitor) => {
    const { traits } = await site.person()
    const app = await listen(site.proxy, (_, answer) => answer.writeHead(200, { "Content-Type": "text/html" }).end("<title>App</title>"))
    try {
      await (await visitor()).journey(async (v) => {
        await v.page.goto(`http://127.0.0.1:${site.proxy}/`)
        check(site, t, traits, await v.page.evaluate(signIn, [site.base, traits.email, PASSWORD]))
      })
    } finally {
      app.closeAllConnections()
      app.close()
    }
  },
]
