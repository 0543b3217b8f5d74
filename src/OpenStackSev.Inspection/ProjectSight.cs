using System.Net;
using System.Text.Json;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Inspection;

/// <summary>What a project may see of flavors and images that a service reads with rights of its own: what Nova and Glance would show it.</summary>
/// <remarks>
/// Source: nova/objects/flavor.py, <c>_flavor_get_query_from_db</c>; glance/db/utils.py, <c>is_image_visible</c>, and for lists
/// glance/db/sqlalchemy/api.py, <c>_select_images_query</c>.
/// </remarks>
/// <param name="project">Null for a caller without one, who sees what is public.</param>
public sealed class ProjectSight(OpenStackConnection cloud, string? project)
{
    /// <summary>Whoever calls his images as many others do gets no further than this, since each is a question to Glance.</summary>
    public const int MostQuestions = 100;

    /// <summary>What no flavor and no image is called.</summary>
    private static readonly Guid s_nothing = Guid.Empty;

    private bool hasAsked;

    /// <summary>A public one, or one whose access list has the project.</summary>
    /// <exception cref="OpenStackApiException"/>
    public async ValueTask<bool> SeesFlavorAsync(JsonElement flavor, CancellationToken ct)
    {
        if (flavor.TryGetProperty("os-flavor-access:is_public", out JsonElement isPublic) && isPublic.ValueKind == JsonValueKind.True)
            return true;
        return project is not null && Text(flavor, "id") is { } id && await IsGrantedAsync(id, ct);
    }

    /// <summary>A public, community or own one, or one that is shared with the project.</summary>
    /// <param name="byId">Who knows the id sees what he has not accepted, and what nobody owns; by name he does not.</param>
    /// <exception cref="OpenStackApiException"/>
    public async ValueTask<bool> SeesImageAsync(JsonElement image, bool byId, CancellationToken ct)
    {
        string? owner = Text(image, "owner"), visibility = Text(image, "visibility");
        if (visibility is "public" or "community" || (owner is null && byId) || (owner is not null && owner == project))
            return true;
        return IsShared(image) && Guid.TryParse(Text(image, "id"), out Guid id) && await MembershipAsync(id, ct) is { } status && (byId || status == "accepted");
    }

    /// <summary>Whether it takes a question to Glance to know.</summary>
    public bool NeedsQuestion(JsonElement image) => project is not null && IsShared(image) && Text(image, "owner") != project;

    /// <summary>Asks what was not asked yet: how long an answer takes must not tell whether another project has something of this name.</summary>
    /// <exception cref="OpenStackApiException"/>
    public async ValueTask AskInVainAsync(bool flavor, CancellationToken ct)
    {
        if (project is null || hasAsked)
            return;
        if (flavor)
            await IsGrantedAsync(s_nothing.ToString(), ct);
        else
            await MembershipAsync(s_nothing, ct);
    }

    private async Task<bool> IsGrantedAsync(string flavor, CancellationToken ct)
    {
        hasAsked = true;
        try
        {
            return (await cloud.Nova.ListFlavorAccessAsync(flavor, ct)).Projects.Any(access => access.TenantId == project);
        }
        catch (OpenStackApiException e) when (IsNo(e))
        {
            return false;
        }
    }

    /// <summary>Null where the image is not shared with the project.</summary>
    private async Task<string?> MembershipAsync(Guid image, CancellationToken ct)
    {
        if (project is null)
            return null;
        hasAsked = true;
        try
        {
            return (await cloud.Glance.GetImageMemberAsync(image, project, ct)).Status;
        }
        catch (OpenStackApiException e) when (IsNo(e))
        {
            return null;
        }
    }

    private static bool IsShared(JsonElement image) => Text(image, "visibility") == "shared";

    // Refused to us is as good as not there: nothing is shown on a guess.
    private static bool IsNo(OpenStackApiException e) => e.Status is HttpStatusCode.NotFound or HttpStatusCode.Forbidden;

    private static string? Text(JsonElement body, string member) =>
        body.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
