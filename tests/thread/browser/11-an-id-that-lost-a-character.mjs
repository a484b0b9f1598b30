// An address that lost a character on the way leads to a new form, which works.

export default [
  (site, t, visitor) =>
    visitor.atSignIn(async (v, email) => {
      const cut = v.page.url().slice(0, -1)
      t.ok(/flow=[0-9a-f-]{35}$/.test(cut), "35 characters are left", cut)
      await v.page.goto(cut)
      await v.signIn(email)
      t.ok(v.page.url() !== cut, "the form is a new one")
      await v.isHomeAs(email)
    }),
]
