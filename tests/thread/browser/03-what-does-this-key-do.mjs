// passwordless_enabled, before and after, as somebody sees it who signs in.

const begin = async (v) => {
  await v.open("/ui/login")
  await v.at("Sign in")
}
const button = (v) => v.page.getByRole("button", { name: "Send me a code", exact: true })

export default [
  async (site, t, visitor) => {
    await (await visitor()).journey(async (v) => {
      await begin(v)
      t.eq(await button(v).count(), 0, "without it the page offers no code")
    })
  },
  async (site, t, visitor) => {
    const { traits } = await site.person()
    await (await visitor()).journey(async (v) => {
      await begin(v)
      t.eq(await button(v).count(), 1, "with it the page offers to send one")
      await v.fill("E-mail", traits.email)
      await button(v).click()
      await v.at("Enter your code")
      await v.fill("Sign-in code", await v.code(traits.email))
      await v.page.keyboard.press("Enter")
      await v.isHomeAs(traits.email)
    })
  },
]
