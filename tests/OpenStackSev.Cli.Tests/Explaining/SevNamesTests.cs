using OpenStackSev.Api.Capacity;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Cli.Tests.Explaining;

/// <summary>The rules know no other project, so they have a copy of the names that the agent publishes: this keeps it one.</summary>
public sealed class SevNamesTests
{
    [Fact]
    public void The_models_classes_and_traits_are_those_that_are_published() =>
        Assert.Equal(EncryptionModels.All.Select(model => (model.NovaName, model.ResourceClass, model.Trait)),
            SevNames.Models.Select(model => (model.Model, model.ResourceClass, model.Trait)));

    [Fact]
    public void Facts_are_those_that_are_published() => Assert.All(SevTraits.RootFacts, trait => Assert.True(SevNames.IsFact(trait), trait));

    [Fact]
    public void Nothing_is_of_two_kinds() => Assert.DoesNotContain(SevTraits.RootFacts.Concat(SevTraits.Guard), SevNames.IsJudgement);
}
