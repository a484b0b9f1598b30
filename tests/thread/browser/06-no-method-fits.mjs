// A page that is out of date sends a second factor first: the form comes back, says so, and still works.

export default [
  async (site, t, visitor) => {
    const { traits } = await site.person()
    await (await visitor()).journey(async (v) => {
      await v.open("/ui/login")
      await v.at("Sign in")
      await v.page.locator("button[name=method][value=password]").evaluate((button) => (button.value = "totp"))
      await v.fill("E-mail", traits.email)
      await v.fill("Password", "anything at all")
      await v.page.keyboard.press("Enter")
      await v.page.getByTestId("ui/message/4010002").waitFor()
      await v.at("Sign in")
      await v.signIn(traits.email)
      await v.isHome(traits.email)
    })
  },
]
