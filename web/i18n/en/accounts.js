// English: signing in and up.

export default {
  "signIn.title": "Welcome back",
  "signIn.new": "New here?",
  "signIn.forgotten": "Forgot your password?",
  "password.title": "A new password",
  "password.set": "Set it and sign in",
  "password.done": "Your new password is set. You were signed out everywhere else.",
  "signUp.title": "Create your account",
  "signUp.have": "You have an account?",
  "signUp.emailHint": "We send a code of six characters there.",
  "signUp.sendCode": "Send code",
  "signUp.sent": "We sent a code to {email}. It is good for three minutes.",
  "signUp.sentAgain": "A new code is on its way.",
  "signUp.outbox": "No mail server here? Read the code in the local outbox.",
  "signUp.resend": "Send a new code",
  "signUp.resendIn": ({ left }) => `New code in ${left} s`,
  "signUp.nameHint": "Only you and the clerk see it. In the room you are a paddle number.",
  "signUp.passwordHint": "At least 8 characters.",
  "signUp.create": "Create account",
};
