// 한국어: 로그인과 가입.

export default {
  "signIn.title": "다시 오셨군요",
  "signIn.new": "처음이신가요?",
  "signIn.forgotten": "비밀번호를 잊으셨나요?",
  "password.title": "새 비밀번호",
  "password.set": "저장하고 로그인",
  "password.done": "새 비밀번호를 저장하고 다른 모든 기기에서 로그아웃했습니다.",
  "signUp.title": "계정 만들기",
  "signUp.have": "이미 계정이 있으신가요?",
  "signUp.emailHint": "이 주소로 여섯 자리 인증 코드를 보냅니다.",
  "signUp.sendCode": "인증 코드 받기",
  "signUp.sent": "{email} 주소로 인증 코드를 보냈습니다. 3분 동안 쓸 수 있습니다.",
  "signUp.sentAgain": "새 코드를 보냈습니다.",
  "signUp.outbox": "메일 서버가 없다면 로컬 발신함에서 코드를 확인하세요.",
  "signUp.resend": "새 코드 받기",
  "signUp.resendIn": ({ left }) => `${left}초 후 새 코드 받기`,
  "signUp.nameHint": "본인과 진행자에게만 보입니다. 경매장에서는 패들 번호로 표시됩니다.",
  "signUp.passwordHint": "8자 이상 적어 주세요.",
  "signUp.create": "계정 만들기",
};
