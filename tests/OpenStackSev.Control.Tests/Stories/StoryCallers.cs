using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Stories;

/// <summary>The people of the stories, each with a token of the fake Keystone.</summary>
internal sealed class StoryCallers(FakeKeystone keystone)
{
    private readonly Dictionary<string, FakeToken> tokens = new(StringComparer.Ordinal)
    {
        ["admin"] = keystone.Issue("alice", "admin-project", "admin", "manager", "member", "reader"),
        ["service"] = keystone.Issue("nova", "service", "service"),
        ["manager"] = keystone.Issue("mallory", "p1", "manager", "member", "reader"),
        ["member"] = keystone.Issue("bob", "p1", "member", "reader"),
        ["reader"] = keystone.Issue("carol", "p1", "reader"),
        ["reader of p2"] = keystone.Issue("dave", "p2", "reader"),
        ["member of p2"] = keystone.Issue("dora", "p2", "member", "reader"),
        ["stranger"] = keystone.Issue("eve", "p1", "heat_stack_user"),
        ["unscoped"] = keystone.Issue("frank", null),
        ["expired"] = keystone.Issue("grace", "p1", TimeSpan.FromSeconds(-1), ["admin"]),
        ["revoked"] = Revoked(keystone.Issue("heidi", "p1", "admin")),
        ["garbage"] = new("gAAAAAB-garbage-hunter2", "nobody", null, [], default),
        ["huge"] = new(new string('A', 16_000), "nobody", null, [], default),
        ["giant"] = new(new string('B', 40_000), "nobody", null, [], default),
        ["blank"] = new("two words", "nobody", null, [], default),
    };

    public IEnumerable<string> Secrets => tokens.Values.Select(token => token.Secret);

    /// <summary>Null for nobody.</summary>
    public string? TokenOf(string caller) => caller == "nobody" ? null : tokens[caller].Secret;

    public void Revoke(string caller) => tokens[caller].IsRevoked = true;

    private static FakeToken Revoked(FakeToken token)
    {
        token.IsRevoked = true;
        return token;
    }
}
