// Pages behind a proxy with a path prefix: past the proxy while the server does not know of it, all under the prefix when it does.
import { withProxy } from "../proxy.mjs"

export default [
  (site, t, visitor) =>
    withProxy(site, async (base) => {
      await (await visitor(base)).journey(async (v) => {
        await v.open("/ui/login").catch(() => undefined)
        t.ok(!v.page.url().startsWith(base), "a server that does not know leads past the proxy", v.page.url())
      })
    }),
  (site, t, visitor) =>
    withProxy(site, async (base) => {
      const { traits } = await site.person()
      // Whatever is asked for outside the prefix, a style sheet too, is a complaint.
      await (await visitor(base)).journey(async (v) => {
        await v.open("/ui/login")
        await v.signIn(traits.email)
        await v.isHomeAs(traits.email)
        await v.follow("Account settings")
        await v.at("Your account")
        await v.signOut()
        await v.open("/ui/recovery")
        await v.recovers(traits.email)
        t.ok(v.page.url().startsWith(`${base}/ui/settings`), "recovery ends under the prefix", v.page.url())
      })
    }),
]
