import JSON
import Testing

@testable import CloudFormation

private enum Kind: String, CaseIterable { case app = "App", server = "TrackingServer" }

@Suite(.timeLimit(.minutes(5))) struct PropertyReaderTests {
    private func problems(
        _ properties: JSONValue, _ read: (inout PropertyReader) -> Void
    ) -> [String] {
        var reader = PropertyReader(properties.object ?? JSONObject())
        read(&reader)
        do {
            try reader.finish()
            return []
        } catch {
            return error.problems
        }
    }

    @Test func textsStandForBooleansAndNumbers() {
        let found = problems([
            "A": "true", "B": " FALSE ", "C": " 5 ", "D": true, "E": 7, "F": " App ", "G": .null, "ServiceToken": "x",
            "ServiceTimeout": "60",
        ]) {
            #expect($0.bool("A") == true)
            #expect($0.bool("B") == false)
            #expect($0.integer("C", in: 1...9) == 5)
            #expect($0.bool("D") == true)
            #expect($0.integer("E", in: 1...9) == 7)
            #expect($0.choice("F", Kind.self) == .app)
            #expect($0.string("G") == nil)
            #expect($0.bool("Absent") == nil)
        }
        #expect(found.isEmpty)
    }

    @Test func listsAndMapsKeepTheirStructure() {
        let found = problems(["L": ["a", "b", 3], "M": ["k": "v", "n": true]]) {
            #expect($0.list("L") == ["a", "b", "3"])
            #expect($0.map("M") == ["k": "v", "n": "true"])
        }
        #expect(found.isEmpty)
    }

    @Test func everyProblemIsTold() {
        let found = problems([
            "VpcID": "x", "Dry": "yes", "Size": "99999999999999999999", "Kind": "app", "List": "a", "Ids": ["sg-1"],
            "Map": ["k": ["x"]], "Name": "-a",
        ]) {
            _ = $0.requiredString("VpcId", .id(prefix: "vpc-"))
            _ = $0.bool("Dry")
            _ = $0.integer("Size", in: 1...10)
            _ = $0.choice("Kind", Kind.self)
            _ = $0.list("List")
            _ = $0.list("Ids", .id(prefix: "sg-"), count: 2...3)
            _ = $0.map("Map")
            _ = $0.string("Name", .word(1...5, or: "-", framed: true))
            $0.problem("Name and Kind do not go together.")
        }
        #expect(
            found == [
                "The property VpcId is missing; it must be an id such as vpc-0123456789abcdef0.",
                #"The property Dry is "yes"; it must be true or false."#,
                #"The property Size is "99999999999999999999"; it must be a whole number from 1 to 10."#,
                #"The property Kind is "app"; it must be one of App, TrackingServer; did you mean App?"#,
                #"The property List is "a"; it must be a list."#,
                "The property Ids has 1 elements; it must have 2 to 3.",
                #"The property Ids[0] is "sg-1"; it must be an id such as sg-0123456789abcdef0."#,
                "The property Map.k is an array; it must be a text.",
                #"The property Name is "-a"; it must be 1 to 5 letters or digits or "-", with a letter or digit first and last."#,
                "Name and Kind do not go together.",
                #"The property "VpcID" is not known; did you mean VpcId?"#,
            ])
    }

    @Test func aNameThatResemblesNoneIsToldWhatThereIs() {
        let found = problems(["Completely": "x"]) { _ = $0.string("Name") }
        #expect(found == [#"The property "Completely" is not known; known are Name."#])
    }
}
