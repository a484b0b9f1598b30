// Who gives no address is asked for no proof; who gives one proves it by the code in the mail.
import { next } from "../../../clients/node/lib.mjs"
import { PASSWORD } from "./site.mjs"

export default [
  async (site, t) => {
    const { sdk } = site
    const signUp = async (traits) => {
      const flow = await sdk.createNativeRegistrationFlow()
      return site.submit("registration", flow, { method: "password", password: PASSWORD, traits })
    }

    const without = await signUp({ username: `user-${site.unique()}` })
    site.show("a sign-up without an address", without)
    t.eq(without.identity.verifiable_addresses, undefined, "nothing waits for a proof")
    t.ok(!next(without, "show_verification_ui"), "and nothing is asked for", without.continue_with)
    t.ok((await sdk.toSession({ xSessionToken: without.session_token })).active, "the session is good")

    const email = site.email()
    const before = await sdk.listCourierMessages({ recipient: email })
    const given = await signUp({ username: `user-${site.unique()}`, email })
    t.eq(before, [], "no mail before")
    t.eq(given.identity.verifiable_addresses.map((a) => [a.value, a.verified]), [[email, false]], "an address waits")
    const flow = await sdk.createNativeVerificationFlow()
    await site.submit("verification", flow, { method: "code", email })
    const done = await site.submit("verification", flow, { method: "code", code: await site.code(email) })
    t.eq(done.state, "passed_challenge", "its code proves it")
    const now = await sdk.getIdentity({ id: given.identity.id })
    t.eq(now.verifiable_addresses[0].verified, true, "and it is verified")
  },
]
