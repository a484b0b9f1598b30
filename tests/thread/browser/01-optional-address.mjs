// Who gives no address is in at once; who gives one proves it by the link in the mail.
import { PASSWORD } from "../sdk/site.mjs"

const signUp = async (v, username, email) => {
  await v.open("/ui/registration")
  await v.at("Create an account")
  await v.fill("User name", username)
  if (email) await v.fill("E-mail", email)
  await v.fill("Password", PASSWORD)
  await v.page.keyboard.press("Enter")
}

export default [
  async (site, t, visitor) => {
    const username = `user-${site.unique()}`
    await (await visitor()).journey(async (v) => {
      await signUp(v, username)
      await v.isHomeAs(username)
    })
    const email = site.email()
    await (await visitor()).journey(async (v) => {
      await signUp(v, `user-${site.unique()}`, email)
      await v.isHomeAs(email)
      const link = await v.letter(email, (letter) => letter.getByRole("link").first().getAttribute("href"))
      await v.page.goto(link)
      await v.at("Enter your code")
      await v.press("Continue")
      await v.at("Thank you")
    })
    const mails = await site.sdk.listCourierMessages({})
    t.eq(mails.map((m) => m.recipient).filter((to) => to === email).length, 1, "one mail to the one address")
    const [found] = await site.sdk.listIdentities({ credentialsIdentifier: username })
    t.eq(found.verifiable_addresses, undefined, "nothing waits for a proof where there is no address")
  },
]
