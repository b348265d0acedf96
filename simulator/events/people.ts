/** The parts of a name: as people write it, and as a login spells it. */
interface NamePart {
  readonly written: string
  readonly login: string
}

/** How a language names people; `family_first` where the family name stands first. */
interface Naming {
  readonly given: readonly NamePart[]
  readonly family: readonly NamePart[]
  readonly family_first?: boolean
}

/** A person's written name and login. */
interface PersonName {
  readonly full: string
  readonly login: string
}

const namings: readonly Naming[] = [
  { given: parts("Chloé/chloe Benoît/benoit Anaïs/anais"), family: parts("Lefèvre/lefevre Garçon/garcon Noël/noel") },
  { given: parts("Jörg/joerg Käthe/kaethe Lukas/lukas"), family: parts("Müller/mueller Groß/gross Weiß/weiss") },
  { given: parts("Íñigo/inigo Lucía/lucia Ramón/ramon"), family: parts("Ibáñez/ibanez Muñoz/munoz Peña/pena") },
  { given: parts("Łukasz/lukasz Małgorzata/malgorzata Zofia/zofia"), family: parts("Wiśniewska/wisniewska Żak/zak") },
  { given: parts("Søren/soren Åse/ase Bjørn/bjorn"), family: parts("Ødegård/odegard Sjöström/sjostrom Kjær/kjaer") },
  { given: parts("Олена/olena Андрій/andrii Ірина/iryna"), family: parts("Шевченко/shevchenko Коваленко/kovalenko") },
  { given: parts("Στέλιος/stelios Ελένη/eleni"), family: parts("Παππάς/pappas Νικολάου/nikolaou Γεωργίου/georgiou") },
  { given: parts("ليلى/layla يوسف/yousef نورة/noura"), family: parts("حداد/haddad الأحمد/alahmad منصور/mansour") },
  { given: parts("נועה/noa איתן/eitan"), family: parts("לוי/levi מזרחי/mizrahi פרץ/peretz") },
  { given: parts("अनन्या/ananya विक्रम/vikram"), family: parts("शर्मा/sharma पटेल/patel अय्यर/iyer") },
  {
    given: parts("小明/xiaoming 雨桐/yutong 伟/wei"),
    family: parts("王/wang 陈/chen 欧阳/ouyang"),
    family_first: true,
  },
  { given: parts("さくら/sakura 健太/kenta 陽子/yoko"), family: parts("佐藤/sato 渡辺/watanabe"), family_first: true },
  { given: parts("지우/jiwoo 민준/minjun 서연/seoyeon"), family: parts("김/kim 박/park 최/choi"), family_first: true },
  {
    given: parts("Nguyệt/nguyet Đức/duc Thảo/thao"),
    family: parts("Trần/tran Phạm/pham Đặng/dang"),
    family_first: true,
  },
  { given: parts("Siobhán/siobhan Niamh/niamh Grace/grace"), family: parts("O'Brien/obrien Ní-Dhuibhir/nidhuibhir") },
  { given: parts("Ayşe/ayse Çağlar/caglar Işıl/isil"), family: parts("Yıldız/yildiz Öztürk/ozturk Güneş/gunes") },
]

/** Every person of the company: a fixed list, in many languages. */
export const person_names: readonly PersonName[] = namings.flatMap(({ given, family, family_first }) =>
  given.flatMap((first) =>
    family.map((last) => ({
      full: family_first ? `${last.written} ${first.written}` : `${first.written} ${last.written}`,
      login: `${first.login}.${last.login}`,
    })),
  ),
)

function parts(names: string): readonly NamePart[] {
  return names.split(" ").map((name) => {
    const [written, login] = name.split("/")
    return { written: written!, login: login! }
  })
}
