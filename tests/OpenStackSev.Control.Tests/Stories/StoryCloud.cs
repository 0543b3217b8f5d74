using Microsoft.AspNetCore.Builder;

namespace OpenStackSev.Control.Tests.Stories;

/// <summary>The other services of the stories' cloud.</summary>
internal static class StoryCloud
{
    public static void Map(WebApplication app)
    {
    }
}
