import ArgumentParser
@main enum P { static func main() {} }
