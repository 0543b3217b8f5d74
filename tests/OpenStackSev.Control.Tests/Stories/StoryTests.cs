using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Api.Errors;

namespace OpenStackSev.Control.Tests.Stories;

/// <summary>The API as its stories tell it.</summary>
public sealed class StoryTests
{
    public static TheoryData<string, string> Titles => [.. Story.All.Select(story => (story.File, story.Title))];

    [Theory, MemberData(nameof(Titles))]
    public Task The_story_holds(string file, string title) =>
        new StoryRun(Story.All.Single(story => story.File == file && story.Title == title)).PlayAsync();

    [Fact]
    public void Every_error_code_has_a_story()
    {
        HashSet<string?> told = [.. Story.All.SelectMany(story => story.Steps).Select(step => step.Expect?.Code)];
        // What reports do wrong needs keys that sign, which data files cannot hold.
        told.UnionWith(ToldBy(typeof(AttestationErrors), "Reattestation", "RoundTests.cs"));
        told.UnionWith(ToldBy(typeof(SweepErrors), "Reattestation", "Sweep", "RoundRequestTests.cs"));
        told.UnionWith(ToldBy(typeof(EnforcementErrors), "Enforcement", "EnforcementRoundTests.cs"));
        string[] untold = [.. ErrorCodes.All.Select(error => error.Code).Where(code => !told.Contains(code))];
        Assert.Empty(untold);
    }

    [Fact]
    public void No_story_expects_a_code_that_is_not_documented() =>
        Assert.Empty(Story.All.SelectMany(story => story.Steps).Select(step => step.Expect?.Code).OfType<string>()
            .Except(ErrorCodes.All.Select(error => error.Code)));

    private static IEnumerable<string> ToldBy(Type errors, params string[] file)
    {
        string text = File.ReadAllText(Path.Join([Repository.Root, "tests", "OpenStackSev.Control.Tests", .. file]));
        return errors.GetFields().Where(field => text.Contains($"{errors.Name}.{field.Name}", StringComparison.Ordinal)).Select(field => ((ErrorCode)field.GetValue(null)!).Code);
    }
}
