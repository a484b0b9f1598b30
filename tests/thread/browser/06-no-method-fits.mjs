// A page that is out of date sends a second factor first: the form comes back, says so, and still works.

export default [
  (site, t, visitor) =>
    visitor.atSignIn(async (v, email) => {
      await v.page.locator("button[name=method][value=password]").evaluate((button) => (button.value = "totp"))
      await v.fill("E-mail", email)
      await v.fill("Password", "anything at all")
      await v.page.keyboard.press("Enter")
      await v.page.getByTestId("ui/message/4010002").waitFor()
      await v.signIn(email)
      await v.isHomeAs(email)
    }),
]
