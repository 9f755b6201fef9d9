import TestSupport
import Testing
import XML

@Suite struct XMLTests {
    private func parse(_ text: String) throws -> XMLElement {
        try XMLElement(parsing: Array(text.utf8))
    }

    @Test func anAnswerIsReadByLocalNames() throws {
        let root = try parse(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- from the service -->
            <s:Answer xmlns:s="https://sts.amazonaws.com/doc/2011-06-15/" note='a &lt; "b"'>
              <s:Result><Key>AKID</Key><Empty/><Empty ></Empty></s:Result>
              <member>1</member><member>2</member>
            </s:Answer>
            """)
        #expect(root.name == "Answer")
        #expect(root["Result"]?["Key"]?.text == "AKID")
        #expect(root["Result"]?.children("Empty").map(\.text) == ["", ""])
        #expect(root.children("member").map(\.text) == ["1", "2"])
        #expect(root.first("Key")?.text == "AKID")
        #expect(root.first("Missing") == nil)
    }

    @Test func entitiesAndCDATABecomeText() throws {
        let root = try parse("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600; é<![CDATA[<b>&amp;]]]]></a>")
        #expect(root.text == "<>&\"'A\u{1F600} é<b>&amp;]]")
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a", "</a>", "<a></b>", "<a/><b/>", "<a/><b></b>", "<a/>text", "<a b></a>",
        "<a b=c></a>", "<a b='c></a>", "<a b='<'/>", "<a b='1'c='2'/>", "<a>&nbsp;</a>", "<a>&</a>", "<a>&#xD800;</a>",
        "<a>&#0;</a>", "<a>&#+65;</a>", "<a>&#x110000;</a>", "<a><!-- </a>", "<a><![CDATA[</a>", "<?xml", "<1/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a><b></a></b>",
    ])
    func whatIsNotXMLIsRefused(text: String) {
        #expect(throws: XMLError.self) { try parse(text) }
    }

    @Test func theErrorSaysWhereAndWhat() {
        #expect(throws: XMLError(offset: 8, reason: "the end tag </b> does not close <a>")) { try parse("<r><a></b>") }
    }

    @Test func nestingAndSizeHaveAnEnd() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        _ = try parse(nested(XMLElement.maximumDepth))
        #expect(throws: XMLError.self) { try parse(nested(XMLElement.maximumDepth + 1)) }
        #expect(throws: XMLError.self) { try XMLElement(parsing: Array("<a></a>".utf8), maximumBytes: 6) }
        #expect(throws: XMLError.self) { try XMLElement(parsing: [0x3C, 0x61, 0x3E, 0xFF, 0x3C, 0x2F, 0x61, 0x3E]) }
    }

    @Test func randomDamageNeverTraps() {
        let whole = Array("<?xml version='1'?><a x='&amp;'><b>t&#65;<![CDATA[c]]></b><!-- d --><e/></a>".utf8)
        var random = SeededGenerator(seed: 42)
        var survivors = 0
        for _ in 0..<20_000 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) where !damaged.isEmpty {
                let index = Int.random(in: damaged.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: damaged[index] = UInt8.random(in: 0...255, using: &random)
                case 1: damaged.remove(at: index)
                default: damaged.insert(damaged[Int.random(in: damaged.indices, using: &random)], at: index)
                }
            }
            if (try? XMLElement(parsing: damaged)) != nil { survivors += 1 }
        }
        // Damage inside text or names goes unnoticed; damage to the markup does not.
        #expect((1..<15_000).contains(survivors))
    }
}
