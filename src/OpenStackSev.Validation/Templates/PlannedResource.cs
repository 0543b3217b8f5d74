namespace OpenStackSev.Validation.Templates;

/// <summary>A resource that the stack would make, with its properties evaluated as far as they are known.</summary>
/// <param name="Stack">Names of the nested stacks that lead to it; empty for the outermost.</param>
/// <param name="DependsOn">Resources of the same stack, as written.</param>
internal sealed record PlannedResource(string Stack, string Name, string Type, TemplateMap Properties, IReadOnlyList<string> DependsOn)
{
    public string Id => Stack.Length == 0 ? Name : $"{Stack}.{Name}";
}

/// <summary>A flavor or an image that a server of a template boots with.</summary>
/// <param name="Name">Of one that is looked up in the cloud; null otherwise.</param>
/// <param name="Made">Id of the resource that makes it; null otherwise.</param>
/// <param name="Unread">Why it is not known; null otherwise.</param>
public sealed record TemplateChoice(string? Name, string? Made, string? Unread);

/// <summary>A server that a template makes.</summary>
public sealed record PlannedServer(string Id, TemplateChoice Flavor, TemplateChoice Image);

/// <summary>A server with what is known of its flavor and image: the pair is judged.</summary>
/// <param name="Resource">Id of the server, or of the flavor or image that no server of the template uses.</param>
/// <param name="Counterpart">Which one is not the template's but made up to fit: <c>flavor</c>, <c>image</c> or null.</param>
public sealed record TemplatePair(string Resource, FlavorSpec Flavor, ImageSpec Image, string? Counterpart = null);
