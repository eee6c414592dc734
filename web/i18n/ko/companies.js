// 한국어: 기업의 캠페인.

export default {};
