// A link to the second step is opened by somebody who is not signed in: the page says so, and leads to the first.
import { totp } from "../../../clients/node/lib.mjs"

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

export default [
  async (site, t, visitor) => {
    const url = `otpauth://totp/App:user?secret=${SECRET}&issuer=App`
    const { id, traits } = await site.person(undefined, { credentials: { totp: { config: { totp_url: url } } } })
    await (await visitor()).journey(async (v) => {
      await v.open("/self-service/login/browser?aal=aal2")
      await v.at("That did not work")
      await v.reads("session_aal1_required", "the id")
      await v.follow("Sign in")
      await v.signIn(traits.email)
      await v.at("Second step")
      await v.fill("Code from your authenticator app", totp(SECRET))
      await v.page.keyboard.press("Enter")
      await v.isHomeAs(traits.email)
      const sessions = await site.sdk.listIdentitySessions({ id })
      t.eq(sessions.map((s) => s.authenticator_assurance_level), ["aal2"], "both factors are given")
    })
  },
]
