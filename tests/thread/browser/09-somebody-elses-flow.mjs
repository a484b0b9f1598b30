// A settings page is left open; meanwhile somebody else signs in, in the same browser. Nothing is written to the wrong account,
// and the page leads on.

export default [
  async (site, t, visitor) => {
    const [one, other] = [await site.person(), await site.person()]
    await (await visitor()).journey(async (v) => {
      await v.open("/ui/login")
      await v.signIn(one.traits.email)
      await v.isHomeAs(one.traits.email)
      await v.follow("Account settings")
      await v.at("Your account")
      const left = v.page
      v.page = await v.tab()
      await v.signOut()
      await v.open("/ui/login")
      await v.signIn(other.traits.email)
      await v.isHomeAs(other.traits.email)
      v.page = left
      const changed = site.email()
      const profile = left.getByTestId("ui/section/profile")
      await profile.getByLabel("E-mail").fill(changed)
      await profile.getByRole("button", { name: "Save" }).click()
      await v.at("That did not work")
      const page = (await left.locator("main").innerText()).replace(/\s+/g, " ")
      site.show("the page that was left open", { page })
      for (const { id, traits } of [one, other])
        t.eq((await site.sdk.getIdentity({ id })).traits, traits, "no account was changed")
      await v.follow("Home")
      await v.isHomeAs(other.traits.email)
      await v.follow("Account settings")
      await v.at("Your account")
      t.eq(await left.getByTestId("ui/section/profile").getByLabel("E-mail").inputValue(), other.traits.email, "a form of their own")
    })
  },
]
