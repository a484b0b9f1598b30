// Somebody who comes to a server of `bia serve --dev` for the first time, and reads the inbox page for mail.
import { randomBytes } from "node:crypto"
import { Reader } from "./reader.mjs"

export const newPassword = () => "Kp" + randomBytes(9).toString("base64url") + "7!"

export class Stranger extends Reader {
  email = `user-${randomBytes(6).toString("hex")}@example.org`
  password = newPassword()
  // The link to the inbox stands on the page that asks for the code.
  async code(to = this.email) {
    return super.code(to, await this.page.getByRole("link", { name: /inbox/i }).first().getAttribute("href"))
  }
  async signUp() {
    await this.open("/ui/")
    await this.at("Welcome")
    await this.follow("Create an account")
    await this.at("Create an account")
    await this.fill("E-mail", this.email)
    await this.fill("Name", "Ada King")
    await this.press("Sign up")
    await this.at("One more thing")
    await this.fill("Password", this.password)
    await this.press("Sign up")
    await this.at("Enter your code")
  }
  async signIn() {
    await this.open("/ui/login")
    await this.signInAs(this.email, this.password)
  }
  async isHome() {
    await this.isHomeAs(`Ada King (${this.email})`)
  }
}

// Every journey, walked by a stranger of its own: with JavaScript and without.
export async function walkTwice(tally, browser, { base, shots }, walks) {
  for (const scripts of [true, false]) {
    const how = scripts ? "with JavaScript" : "without JavaScript"
    for (const [name, walk] of Object.entries(walks))
      await tally.journey(`${name}, ${how}`, async () => {
        const s = await new Stranger().come(browser, tally, { base, scripts, label: `${name} ${how}`, shots })
        await s.journey(walk)
      })
  }
}
