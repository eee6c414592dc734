// English: campaigns of companies.

export default {};
