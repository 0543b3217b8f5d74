using System.Text.Json.Serialization;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Body of <c>instance.seen</c>, <c>instance.returned</c> and <c>instance.gone</c>.</summary>
/// <param name="Host">Where it ran. Not for tenants, as in every record.</param>
internal sealed record InstanceRecord(string Name, string Model, string? Flavor, Guid? Image, HostRecord Host)
{
    public static InstanceRecord Of(InstanceState state) => new(state.Name, state.Model, state.Flavor, state.Image, new HostRecord(state.Node, state.HostName, Chip: null));
}

/// <summary>Body of <c>instance.changed</c> and <c>instance.not_encrypted</c>: what was, and what is.</summary>
internal sealed record ChangeRecord(string? ModelBefore, string? Model, string? FlavorBefore, string? Flavor, Guid? ImageBefore, Guid? Image)
{
    public static ChangeRecord Between(InstanceState before, InstanceState now) =>
        new(Named(before.Model), Named(now.Model), before.Flavor, now.Flavor, before.Image, now.Image);

    private static string? Named(string model) => model.Length > 0 ? model : null;
}

/// <summary>Body of <c>instance.moved</c>.</summary>
internal sealed record MoveRecord(MoveRecord.Way Host)
{
    public static MoveRecord Between(InstanceState before, InstanceState now) => new(new Way(before.Node, before.HostName, now.Node, now.HostName));

    internal sealed record Way(Guid? NodeBefore, string? NameBefore, Guid? Node, string? Name);
}

/// <summary>Body of <c>instance.silent</c>.</summary>
/// <param name="NoAnswer">Code of the last answer that did not authenticate; null when there was none at all.</param>
internal sealed record SilentRecord(string Verdict, string? Previous, DateTimeOffset RoundOpenedAt, string? NoAnswer, int Nudges, HostRecord Host);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InstanceRecord))]
[JsonSerializable(typeof(ChangeRecord))]
[JsonSerializable(typeof(MoveRecord))]
[JsonSerializable(typeof(SilentRecord))]
internal sealed partial class SweepJson : JsonSerializerContext;
