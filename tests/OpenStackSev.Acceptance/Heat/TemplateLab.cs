using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>One control plane for all tests of templates: to start it takes longer than what some of them do with it.</summary>
public sealed class TemplateLab(Stack stack) : IAsyncLifetime
{
    private static readonly string[] s_settings = ["[sweep]", "interval = 5", "[heat]", "interval = 5"];

    /// <summary>Null where there is no stack to have one on.</summary>
    public SnpLab? Lab { get; private set; }

    public async ValueTask InitializeAsync() =>
        Lab = stack.IsThere && (SnpLab.HasVendordata || !Stack.Release.ContextsOnChildren) ? await SnpLab.StartAsync(stack.Cloud, s_settings) : null;

    public async ValueTask DisposeAsync()
    {
        if (Lab is not null)
            await Lab.DisposeAsync();
    }
}

/// <summary>Classes that share a <see cref="TemplateLab"/>.</summary>
[CollectionDefinition(Name)]
public sealed class TemplateTestsOfOneLab : ICollectionFixture<TemplateLab>
{
    public const string Name = "templates";
}
